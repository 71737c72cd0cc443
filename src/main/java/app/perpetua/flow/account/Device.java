package app.perpetua.flow.account;

import java.util.UUID;

/**
 * A device as its client describes it.
 *
 * @param id chosen by the client, which keeps it; means nothing to other users
 * @param name 1 to 100 code points without control characters
 */
record Device(UUID id, String name) {}
