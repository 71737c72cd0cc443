/** OpenAI's Responses API: one turn of a model, streamed. */
@NullMarked
package app.perpetua.flow.provider.openai;

import org.jspecify.annotations.NullMarked;
