import OpenAI from "openai";

const address = process.env["TURNOUT_URL"] ?? "http://127.0.0.1:8787";
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none" });
const answer = await client.responses.create({ model: "sandbox/gpt-5.4", input: "Hello" });
console.log(answer.output_text);
