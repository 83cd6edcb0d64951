"""The manners of the judges of 2025 and 2026: what each endpoint takes, refuses and reports, and in which words.

As vendors document it or public reports quote it, looked up on 2026-11-28. A judge is a function of the request's body
and of the verdict that its text ends with.
"""

import json
from collections.abc import Callable
from functools import partial

from tests.doubles.judge_failures import bomb, declines, gone, huge, page, quota, unknown_model, wrong_key
from tests.doubles.judge_replies import THINKING, THOUGHT, WORDS, Body, flat, judged, refused, said, thought
from tests.doubles.openai_api import Reply


def plain(body: Body, verdict: str) -> Reply:
    return judged(body, verdict)


def o_series(body: Body, verdict: str) -> Reply:
    """gpt-5, o3, o4-mini: `max_completion_tokens`, no temperature but 1, no logprobs, thoughts at any effort."""
    if "max_tokens" in body:
        return refused(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    if body.get("temperature", 1) != 1:
        return refused(
            f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
            "Only the default (1) value is supported.",
            "temperature",
            "unsupported_value",
        )
    if "logprobs" in body:
        return refused("Unsupported parameter: 'logprobs' is not supported with this model.", "logprobs")
    effort = body.get("reasoning_effort", "medium")
    if effort not in ("minimal", "low", "medium", "high"):
        return refused(
            f"Unsupported value: 'reasoning_effort' does not support '{effort}' with this model. "
            "Supported values are: 'minimal', 'low', 'medium', and 'high'."
        )
    if body.get("max_completion_tokens", 10**6) < 64:
        return refused("Could not finish the message because max_tokens or model output limit was reached. "
                       "Please try again with higher max_tokens.")  # fmt: skip
    return thought(body, THINKING[effort], partial(judged, body, verdict, top={"model": f"{body['model']}-2025-08-07"}))


def gpt_6(body: Body, verdict: str) -> Reply:
    """What is taken depends on the effort: temperature and logprobs with `none` alone."""
    if "max_tokens" in body:
        return o_series(body, verdict)
    effort = body.get("reasoning_effort", "medium")
    if effort == "minimal":
        return refused(
            f"Unsupported value: 'minimal' is not supported with the '{body['model']}' model. "
            "Supported values are: 'none', 'low', 'medium', 'high', 'xhigh', and 'max'.",
            "reasoning.effort",
            "unsupported_value",
        )
    for name in ("temperature", "top_logprobs", "logprobs"):
        if name in body and effort != "none":
            return refused(f"Unsupported parameter: '{name}' is not supported with this model.", name)
    top = {"model": f"{body['model']}-2026-09-22", "system_fingerprint": "fp_6"}
    return thought(body, THINKING[effort], partial(judged, body, verdict, top=top))


def o1_mini(body: Body, verdict: str) -> Reply:
    roles = [message["role"] for message in body["messages"]]
    for role in ("system", "developer"):
        if role in roles:
            message = f"Unsupported value: 'messages[0].role' does not support '{role}' with this model."
            return refused(message, "messages[0].role", "unsupported_value")
    return o_series(body, verdict)


def claude(body: Body, verdict: str) -> Reply:
    """Takes and forgets logprobs, seed and effort; refuses temperature."""
    if "temperature" in body:
        return refused("`temperature` is deprecated for this model.", None, "invalid_request_error")
    return judged({**body, "logprobs": False}, verdict)


def claude_natively(body: Body, verdict: str) -> Reply:
    if "temperature" in body:
        error = {"type": "invalid_request_error", "message": "temperature is deprecated for this model."}
        return Reply({"type": "error", "error": error, "request_id": "req_1"}, 400)
    return judged({**body, "logprobs": False}, verdict)


def google(message: str) -> Reply:
    violation = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"description": message}]}
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": [violation]}
    return Reply([{"error": error}], 400)


def gemini(body: Body, verdict: str) -> Reply:
    """Refuses by a list, several names at once; without room there is neither content nor a count of its tokens."""
    unknown = [name for name in ("seed", "chat_template_kwargs") if name in body]
    if unknown:
        return google(
            "\n".join(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.' for name in unknown)
        )
    if "logprobs" in body:
        return google(f"Logprobs is not enabled for models/{body['model']}")
    room = body.get("max_tokens", body.get("max_completion_tokens", 10**6))
    if room < 500:
        reply = said(body, None, usage={"total_tokens": 900 + room}, choice={"finish_reason": "length"})
        del reply.body["choices"][0]["message"]["content"], reply.body["usage"]["completion_tokens"]
        return reply
    return judged(body, verdict)


def gemma_at_google(body: Body, verdict: str) -> Reply:
    if any(message["role"] != "user" for message in body["messages"]):
        return google(f"Developer instruction is not enabled for models/{body['model']}")
    return judged(body, verdict)


def gemma_template(body: Body, verdict: str) -> Reply:
    if any(message["role"] not in ("user", "assistant") for message in body["messages"]):
        return flat("System role not supported None")
    return judged(body, verdict)


def alternating(body: Body, verdict: str) -> Reply:
    if body["messages"][0]["role"] != "user":
        return flat("Conversation roles must alternate user/assistant/user/assistant/...")
    return judged(body, verdict)


def forbidden(body: Body, *names: str) -> list[Body]:
    """Pydantic's words for fields that a strict endpoint doesn't know."""
    message = "Extra inputs are not permitted"
    return [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": message, "input": body[name]}
        for name in names
        if name in body
    ]


def mistral(body: Body, verdict: str) -> Reply:
    """Strict about names; with an effort its content is a list of parts."""
    detail = forbidden(body, "max_completion_tokens", "seed", "logprobs", "top_logprobs", "chat_template_kwargs")
    if detail:
        return Reply({"object": "error", "message": {"detail": detail}, "type": "invalid_request_error"}, 422)
    if body.get("reasoning_effort", "none") == "none":
        return judged(body, verdict)
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
    return said(body, [thinking, {"type": "text", "text": WORDS + verdict}])


def mistral_2024(body: Body, verdict: str) -> Reply:
    """The same with its JSON in a string."""
    detail = forbidden(body, "max_completion_tokens", "seed", "logprobs", "top_logprobs", "reasoning_effort")
    if detail:
        return flat(json.dumps({"detail": detail}), "invalid_request_error", 422)
    return judged(body, verdict)


def openrouter(body: Body, verdict: str) -> Reply:
    """Hands the provider's refusal on as a string."""
    inner = gpt_6({**body, "model": body["model"].removeprefix("openai/")}, verdict)
    if inner.status == 200:
        inner.body["model"] = body["model"]
        return inner
    metadata = {"raw": json.dumps(inner.body), "provider_name": "OpenAI"}
    return Reply({"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}}, 400)


def openrouter_in_200(body: Body, verdict: str) -> Reply:
    metadata = {"raw": "upstream overloaded", "provider_name": "Chutes"}
    return Reply({"error": {"message": "Provider returned error", "code": 502, "metadata": metadata}})


def moderated(body: Body, verdict: str) -> Reply:
    metadata = {"reasons": ["violence"], "flagged_input": "...", "provider_name": "OpenAI"}
    error = {"message": "Your chosen model requires moderation and your input was flagged", "code": 403}
    return Reply({"error": {**error, "metadata": metadata}}, 403)


def deepseek(body: Body, verdict: str) -> Reply:
    """Knows no developer; thoughts apart; temperature without an effect."""
    if any(message["role"] == "developer" for message in body["messages"]):
        return refused(
            "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, "
            "expected one of `system`, `user`, `assistant`, `tool` at line 1 column 80"
        )
    reply = judged(body, verdict, message={"reasoning_content": THOUGHT})
    reply.body["usage"] |= {"prompt_cache_hit_tokens": 800, "completion_tokens_details": {"reasoning_tokens": 60}}
    return reply


def vllm(body: Body, verdict: str) -> Reply:
    """Twenty alternatives at most; a prompt that doesn't fit names a parameter that nobody sent."""
    if sum(len(str(message["content"])) for message in body["messages"]) > 60_000:
        return refused(
            "This model's maximum context length is 16384 tokens. However, you requested 2048 output tokens and your "
            "prompt contains at least 14337 input tokens, for a total of at least 16385 tokens. Please reduce the "
            "length of the input prompt or the number of requested output tokens. (parameter=input_tokens, "
            "value=14337)",
            "input_tokens",
            400,
            kind="BadRequestError",
        )
    if body.get("top_logprobs", 0) > 20:
        most = f"Requested sample logprobs of {body['top_logprobs']}, which is greater than max allowed: 20"
        return refused(most, None, 400, kind="BadRequestError")
    return judged(body, verdict, message={"reasoning": THOUGHT})


def sglang(body: Body, verdict: str) -> Reply:
    if sum(len(str(message["content"])) for message in body["messages"]) > 60_000:
        return flat("The input (17000 tokens) is longer than the model's context length (16384 tokens).")
    reply = judged(body, verdict, message={"reasoning_content": THOUGHT})
    reply.body["usage"]["reasoning_tokens"] = 60
    return reply


def thinks_in_its_text(body: Body, verdict: str) -> Reply:
    return judged(body, verdict, f"<think>\n{THOUGHT}\n</think>\n\n")


def never_stops_thinking(body: Body, verdict: str) -> Reply:
    return said(body, f"<think>\n{THOUGHT} And so on", choice={"finish_reason": "length"})


def ollama(body: Body, verdict: str) -> Reply:
    """Thoughts in a field of their own; logprobs taken and not given; without room the text is empty."""
    if body.get("reasoning_effort") == "none":
        return judged({**body, "logprobs": False}, verdict)
    if body.get("max_tokens", body.get("max_completion_tokens", 10**6)) < 500:
        return said(body, "", message={"reasoning": THOUGHT}, choice={"finish_reason": "length"})
    return judged({**body, "logprobs": False}, verdict, message={"reasoning": THOUGHT})


def azure(body: Body, verdict: str) -> Reply:
    """Filters prompts; the reply's model is the dated one."""
    if "[filter me]" in json.dumps(body["messages"]):
        error = {
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management "
            "policy. Please modify your prompt and retry.",
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation"},
        }
        return Reply({"error": error}, 400)
    return judged(body, verdict, top={"model": "gpt-4.1-2025-04-14"})


def detail_only(body: Body, verdict: str) -> Reply:
    if "temperature" in body:
        return Reply({"detail": "Unsupported parameter: temperature"}, 400)
    return judged(body, verdict)


def unrecognized(body: Body, verdict: str) -> Reply:
    names = [name for name in ("seed", "reasoning_effort", "chat_template_kwargs") if name in body]
    if names:
        return refused(f"Unrecognized request arguments supplied: {', '.join(names)}")
    return judged(body, verdict)


JUDGES: dict[str, Callable[[Body, str], Reply]] = {
    "gpt-4.1": plain,
    "o4-mini": o_series,
    "gpt-5-mini": o_series,
    "gpt-6-luna": gpt_6,
    "o1-mini": o1_mini,
    "claude-opus-4-8": claude,
    "claude-sonnet-5": claude_natively,
    "gemini-3.8-flash": gemini,
    "gemma-3-27b-it": gemma_at_google,
    "google/gemma-2-9b-it": gemma_template,
    "mistralai/Mistral-7B-Instruct-v0.2": alternating,
    "mistral-small-2603": mistral,
    "open-mixtral-8x7b": mistral_2024,
    "openai/gpt-6-luna": openrouter,
    "or200/any": openrouter_in_200,
    "or403/any": moderated,
    "deepseek-flash": deepseek,
    "google/gemma-4-31B-it": vllm,
    "openai/gpt-oss-120b": sglang,
    "Qwen/Qwen3-8B": thinks_in_its_text,
    "Qwen/Qwen3-8B-cut": never_stops_thinking,
    "llama3.1": ollama,
    "azure-deployment": azure,
    "codex": detail_only,
    "old-proxy": unrecognized,
    "gpt-4": gone,
    "gpt-4-0613": gone,
    "nomodel": unknown_model,
    "nopath": page,
    "noquota": quota,
    "nokey": wrong_key,
    "declines": declines,
    "huge": huge,
    "bomb": bomb,
    "drips": plain,
    "drips-its-head": plain,
    "keeps-alive": plain,
}
"""Model name -> its manners. The last three differ in how their bytes come: see judges.py."""
