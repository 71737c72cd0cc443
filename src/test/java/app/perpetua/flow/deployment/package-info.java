/** Tests of the files that describe deployments. */
@NullMarked
package app.perpetua.flow.deployment;

import org.jspecify.annotations.NullMarked;
