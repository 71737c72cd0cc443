/**
 * Trains the image's AOT cache and tries the image: a database, the provider fakes, requests and
 * load for an instance that another process started.
 */
@NullMarked
package app.perpetua.flow.image;

import org.jspecify.annotations.NullMarked;
