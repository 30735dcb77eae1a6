/** What docs/guides/openai-client.md shows of OpenAI's npm client, as a program: OPENAI_BASE_URL and OPENAI_API_KEY say whom it asks. */
import OpenAI from 'openai';

const sluice = new OpenAI();
const messages = [{ role: 'user' as const, content: 'How do I stream text?' }];
const question = { model: 'docs-bot', user: 'user-7', messages };

const { data, response } = await sluice.chat.completions.create(question).withResponse();
console.log(data.choices[0]?.message.content);
await sluice.post(`/runs/${response.headers.get('x-run-id')}/feedback`, { body: { thumb: 'up' } });

for await (const chunk of await sluice.chat.completions.create({ ...question, stream: true }))
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
