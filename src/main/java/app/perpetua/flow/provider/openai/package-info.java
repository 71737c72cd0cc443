/** The assistant's model: OpenAI's Responses API, streamed. */
@NullMarked
package app.perpetua.flow.provider.openai;

import org.jspecify.annotations.NullMarked;
