// A relay for ./bench: streams the model's words to the client as the service does, but without users,
// credits and a database. Reads PORT, OPENAI_BASE_URL and OPENAI_API_KEY from the environment; prints a
// line once it listens.
import http from "node:http";

const upstream = new URL("/v1/responses", process.env.OPENAI_BASE_URL);
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

function turn(message) {
  return JSON.stringify({
    model: "gpt-4-turbo",
    instructions: "Help with tasks.",
    input: [{ role: "user", content: message }],
    max_output_tokens: 1500,
    safety_identifier: "bench",
    store: false,
    stream: true,
  });
}

function relay(message, answer) {
  const body = turn(message);
  const call = http.request(upstream, {
    method: "POST",
    agent,
    headers: {
      Authorization: `Bearer ${process.env.OPENAI_API_KEY}`,
      "Content-Type": "application/json",
      Accept: "text/event-stream",
      "Content-Length": Buffer.byteLength(body),
    },
  });
  answer.on("close", () => call.destroy());
  call.on("error", () => answer.destroy());
  call.on("response", (stream) => {
    answer.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    let rest = "";
    let text = "";
    stream.setEncoding("utf8");
    stream.on("data", (piece) => {
      const lines = (rest + piece).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data: ")) continue;
        const event = JSON.parse(line.slice(6));
        if (event.type === "response.output_text.delta") {
          text += event.delta;
          answer.write(`data: ${JSON.stringify({ text: event.delta })}\n\n`);
        }
      }
    });
    stream.on("end", () => {
      answer.end(`event: result\ndata: ${JSON.stringify({ response: text })}\n\ndata: [DONE]\n\n`);
    });
  });
  call.end(body);
}

const server = http.createServer((request, answer) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (body += piece));
  request.on("end", () => relay(JSON.parse(body).message, answer));
});
server.listen(Number(process.env.PORT), "127.0.0.1", 1024, () => console.log("ready"));
