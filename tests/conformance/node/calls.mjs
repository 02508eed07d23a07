// openai-node and the Vercel AI SDK, as their users use them; reports like clients/checks.py.
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, streamText, tool } from "ai";
import OpenAI from "openai";

const QUESTION = "What are the best running shoes for flat feet?";
const LABEL = "Sponsored · Strideworks";
const messages = [{ role: "user", content: QUESTION }];
const weather = "Tell me the weather in Lisbon.";
const place = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
const tools = [{ type: "function", function: { name: "get_weather", parameters: place } }];

const openai = (url) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: "tf_live_x", maxRetries: 0 });
const vercel = (url) =>
  createOpenAICompatible({
    name: "tollfree", baseURL: `${url}/v1`, apiKey: "tf_live_x", includeUsage: true,
  })("demo");

function expectAd(text, ads) {
  assert.equal(text.includes(LABEL), ads);
  assert.ok(text.includes("demo model"));
}

const checks = {
  async openaiChat(url, ads) {
    const answer = await openai(url).chat.completions.create({ model: "demo", messages });
    expectAd(answer.choices[0].message.content, ads);
    assert.equal(answer.tollfree.ads.length > 0, ads);
  },
  async openaiStream(url, ads) {
    const stream = openai(url).chat.completions.stream({ model: "demo", messages });
    expectAd((await stream.finalChatCompletion()).choices[0].message.content, ads);
  },
  async openaiStreamedTools(url) {
    const stream = openai(url).chat.completions.stream({
      model: "demo", tools, messages: [{ role: "user", content: weather }],
    });
    const { message } = (await stream.finalChatCompletion()).choices[0];
    assert.equal(message.tool_calls[0].function.name, "get_weather");
  },
  async openaiResponses(url, ads) {
    const stream = openai(url).responses.stream({ model: "demo", input: QUESTION });
    expectAd((await stream.finalResponse()).output_text, ads);
  },
  async openaiEmbeddings(url) {
    const told = await openai(url).embeddings.create({ model: "lexical", input: "shoes" });
    assert.equal(told.data[0].embedding.length, 1024);
  },
  async openaiErrors(url) {
    const api = openai(url);
    await assert.rejects(
      api.chat.completions.create({ model: "x", messages }), OpenAI.NotFoundError);
    await assert.rejects(
      api.responses.create({ model: "busy", input: "Hi" }), OpenAI.RateLimitError);
  },
  async vercelText(url, ads) {
    const answer = await generateText({ model: vercel(url), prompt: QUESTION, maxRetries: 0 });
    expectAd(answer.text, ads);
    assert.ok(answer.usage.outputTokens > 0);
  },
  async vercelStream(url, ads) {
    const answer = streamText({ model: vercel(url), prompt: QUESTION, maxRetries: 0 });
    expectAd(await answer.text, ads);
    assert.equal(await answer.finishReason, "stop");
  },
  async vercelTools(url) {
    const offered = { get_weather: tool({ inputSchema: jsonSchema(place) }) };
    const answer = await generateText({
      model: vercel(url), prompt: weather, tools: offered, maxRetries: 0,
    });
    assert.equal(answer.toolCalls[0].toolName, "get_weather");
  },
};

let passed = 0;
const failed = {};
for (const [ads, url] of Object.entries(JSON.parse(process.argv[2]))) {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check(url, ads === "on");
      passed += 1;
    } catch (error) {
      failed[`${name} with ads ${ads}`] = String(error.stack).slice(0, 1500);
    }
  }
}
console.log(JSON.stringify({ passed, failed }));
