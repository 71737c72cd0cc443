package app.perpetua.flow.http;

import app.perpetua.flow.base.Spool;

/**
 * A file that a client has sent.
 *
 * @param file as sent; closed after the request
 * @param compressed whether it is compressed with gzip
 */
public record Upload(Spool file, boolean compressed) {}
