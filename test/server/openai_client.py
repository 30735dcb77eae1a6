"""What docs/guides/openai-client.md shows of OpenAI's Python client, and what else it does, as a program.

OPENAI_BASE_URL and OPENAI_API_KEY say whom it asks. Its last line is JSON: what the test looks at.
"""
from openai import OpenAI

sluice = OpenAI()
messages = [{"role": "user", "content": "How do I stream text?"}]
question = {"model": "docs-bot", "user": "user-7", "messages": messages}

answer = sluice.chat.completions.create(**question)
print(answer.choices[0].message.content)
sluice.post(f"/runs/{answer.sluice['runId']}/feedback", body={"thumb": "up"}, cast_to=object)

for chunk in sluice.chat.completions.create(**question, stream=True):
    print(chunk.choices[0].delta.content or "", end="")

# Below: beyond the guide.
import json

import openai


def error_of(ask):
    try:
        ask()
    except openai.APIError as error:
        status = getattr(error, "status_code", None)
        return {"name": type(error).__name__, "status": status, "code": error.code, "message": error.message}
    return None


failing = {**question, "messages": [{"role": "user", "content": "fail!"}]}
streamed = list(sluice.chat.completions.create(**question, stream=True, stream_options={"include_usage": True}))
stranger = OpenAI(api_key="sk-none")
seen = {
    "models": [model.id for model in sluice.models.list()],
    "model": sluice.models.retrieve("docs-bot").id,
    "answer": answer.choices[0].message.content,
    "runId": answer.sluice["runId"],
    "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices),
    "usage": streamed[-1].usage.total_tokens,
    "failed": error_of(lambda: sluice.chat.completions.create(**failing)),
    "failedStream": error_of(lambda: list(sluice.chat.completions.create(**failing, stream=True))),
    "unauthorized": error_of(lambda: stranger.models.list()),
    "unsupported": error_of(lambda: sluice.chat.completions.create(**question, n=2)),
    "unknown": error_of(lambda: sluice.models.retrieve("docs-bott")),
}
print()
print(json.dumps(seen))
