"""MT-Bench-X as a task of the stock harness: two turns, each answer judged while the next are generated.

A task's YAML holds its name, class and language; everything else stands here. How two turns fit the harness: turns.py.

A document of the harness, which is a row of the data set (records.Question; empty fields left out):

    {"question_id": 9, "language": "de", "category": "math", "turns": ["Wie viele ...?", "Und wenn ...?"],
     "reference": ["Es sind 12 ...", "Dann sind es 8 ..."]}

It becomes a request per turn and repeat, of a type per turn. A request's `resps` is the model's answer, its filtered
response what the judge says of it: a list of records.Verdict, one per run. `contributions` makes of them the row's part
of each metric, and `aggregations` the numbers of the table. What lm_eval's generations do in different ways: judged.py.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import datasets

from hf_datasets.benchmark import questions as mtbench_x
from hf_datasets.ledger.store import LedgerError
from hf_datasets.records import Question, QuestionId, id_order, ordered_categories, question_rows
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import without_home
from hf_datasets.shared.signals import OF_A_LIBRARY, Ending
from mtbenchx_tasks import TASK_VERSION
from mtbenchx_tasks.harness import one_sentence, results_file, turns
from mtbenchx_tasks.harness.generation import JudgedTask
from mtbenchx_tasks.harness.judged import Metric
from mtbenchx_tasks.harness.opening import MAX_NEW_TOKENS
from mtbenchx_tasks.harness.turns import TurnRequest
from mtbenchx_tasks.judge.judge import Judge, judge_for
from mtbenchx_tasks.judge.probe import Probe
from mtbenchx_tasks.judge.sent import as_sent
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.rating.conversation import USER, Conversation, Render, place_of, plain
from mtbenchx_tasks.records import Verdict
from mtbenchx_tasks.stats.means import aggregations, contributions

log = logging.getLogger("lm_eval.mtbenchx")
TEMPERATURES = {"writing": 0.7, "roleplay": 0.7, "stem": 0.1, "humanities": 0.1}
"""MT-Bench's sampling temperatures; 0 for the other categories. `--gen_kwargs temperature=...` overrides them."""
DEFAULTS = {
    "output_type": "generate_until",
    "test_split": "test",
    "doc_to_text": "{{turns[0]}}",
    "doc_to_target": "",
    "num_fewshot": 0,
    "metric_list": [],
    "generation_kwargs": {"until": [], "max_gen_toks": MAX_NEW_TOKENS},
}


class MTBenchX(JudgedTask):
    """One language of MT-Bench-X."""

    VERSION = TASK_VERSION
    BENCHMARK = "mtbench_x"
    FOLDER: Path | None = None
    """Set by folders that version 0.3.0 built, whose tasks are classes of their own; newer ones name `dataset_path`."""

    def __init__(self, config: dict[str, Any]) -> None:
        one_sentence.install()
        results_file.install()
        config = {key: value for key, value in config.items() if key != "class"}
        self._know_language(config)
        self.language: str = config.pop("language")
        self.settings = JudgeSettings.parse((config.get("metadata") or {}).get("judge"))
        self.judge: Judge | None = None
        self.probe: Probe | None = None
        """Shows that the judge can judge; waited for before anything is generated."""
        # A copy: lm_eval writes --gen_kwargs into what it gets; the next run of this process has the defaults again.
        super().__init__(config={**deepcopy(DEFAULTS), **config, "metadata": self._metadata()})

    def _know_language(self, config: dict[str, Any]) -> None:
        """Read the built benchmark that holds the rows and prompts of a language that the package doesn't have."""
        place, pinned = config.pop("dataset_path", None), config.pop("dataset_kwargs", None) or {}
        file = (config.get("metadata") or {}).get("config_source", "")
        if place is None and self.FOLDER is None:
            return
        from hf_datasets.benchmark.built_folder import built_folder, register_built

        if place is not None:
            register_built(built_folder(str(place), pinned.get("revision"), Path(file)))
        elif self.FOLDER is not None:
            register_built(self.FOLDER)

    def download(self, *_: object, **__: object) -> None:
        """Make the documents: the questions of this language, by the data room's pure function."""
        found = mtbench_x.questions(
            self.BENCHMARK, self.language, self.settings.reference_set, self.settings.question_set
        )
        self.dataset = {"test": datasets.Dataset.from_list(question_rows(found))}

    def _metadata(self) -> dict[str, Any]:
        """What results say of this task: resolved settings and versions, nothing of the user's model arguments."""
        revision = mtbench_x.revision(self.BENCHMARK, self.language)
        question_set = mtbench_x.question_set_hash(self.BENCHMARK, self.language, self.settings.question_set)
        benchmark = {"name": self.BENCHMARK, "language": self.language, "revision": revision, **self._lengths()}
        judge = {**self.settings.public(), "question_set_sha256": question_set}
        return {"version": TASK_VERSION, "benchmark": benchmark, "judge": judge}

    def _lengths(self) -> dict[str, Any]:
        """How many turns the questions of another benchmark have; MT-Bench's have two, and may not be here yet."""
        if self.BENCHMARK in mtbench_x.BENCHMARKS:
            return {}
        asked = mtbench_x.questions(self.BENCHMARK, self.language)
        return {"turns": sorted({len(question.turns) for question in asked})}

    # requests ------------------------------------------------------------------------------------------------------

    def fewshot_context(self, doc: dict[str, Any], *_: object, **__: object) -> str:
        """Return the first user turn; the real prompts are rendered by the conversations, turn by turn."""
        return str(doc["turns"][0])

    def build_all_requests(
        self,
        *,
        limit: int | None = None,
        samples: list[int] | None = None,
        world_size: int = 1,
        system_instruction: str | None = None,
        chat_template: Render | None = None,
        **kwargs: Any,
    ) -> None:
        """Build the requests, attach their conversations, and see that the judge is there before anything is generated.

        lm_eval's cache of requests is never read: it holds questions, references and settings of an earlier day.
        """
        kwargs |= {"cache_requests": False, "rewrite_requests_cache": False}
        super().build_all_requests(
            limit=limit,
            samples=samples,
            world_size=world_size,
            system_instruction=system_instruction,
            chat_template=chat_template,
            **kwargs,
        )
        self._take_requests()
        self.judge = None if self.predict_only else self._begin_judge(world_size)
        self._talks = list(self._open_conversations(system_instruction, chat_template))
        docs = [doc for _, doc in self.doc_iterator(limit=limit, samples=samples)]
        self.most_turns = max(len(doc["turns"]) for doc in docs)
        self._install_turns(self.most_turns)
        if self.judge is not None:
            self.categories = ordered_categories(doc["category"] for doc in docs)
            self.announce(
                {
                    name: Metric(aggregation, higher_is_better=name != "unscored")
                    for name, aggregation in aggregations(self.categories, self.most_turns).items()
                }
            )

    def _take_requests(self) -> None:
        """Leave lm_eval none of the requests to count, by which it would pad the ranks: generate_turn pads its own."""
        self.requests = self._instances
        self._instances: list[TurnRequest] = []

    def _install_turns(self, most: int) -> None:
        """Make lm_eval's models know as many turns as any question of any process has, and stay in step in each."""
        turns.install(most)
        longest = max(self.requests, key=lambda request: request.turn)
        self.fillers = [turns.filler(longest, turn) for turn in range(longest.turn + 1, most + 1)]

    @property
    def instances(self) -> list[TurnRequest]:
        """All requests, first turns first, which is the order of the waves."""
        return sorted([*self.requests, *self.fillers], key=lambda request: request.turn)

    def _open_conversations(
        self, system: str | None, chat_template: Render | None
    ) -> Iterator[tuple[Conversation, list[TurnRequest]]]:
        by_conversation = groupby(self.requests, key=lambda request: (request.doc_id, request.repeat))
        for (_, repeat), requests_of_one in by_conversation:
            requests = list(requests_of_one)
            question = Question.from_row(requests[0].doc)
            conversation = Conversation(question, repeat, chat_template or plain, system, self.judge)
            for request in requests:
                request.conversation, request.probe = conversation, self.probe
                request.arguments = (request.arguments[0], self._generation_settings(question, chat_template is None))
            yield conversation, requests

    def _generation_settings(self, question: Question, plain_roles: bool) -> dict[str, Any]:
        """The user's settings, the category's temperature unless they set one, and the stop that plain roles need."""
        settings: dict[str, Any] = deepcopy(self.config.generation_kwargs)
        settings.setdefault("temperature", TEMPERATURES.get(question.category, 0.0))
        settings.setdefault("do_sample", settings["temperature"] > 0)
        if plain_roles:
            stops = settings.get("until") or []
            settings["until"] = [*([stops] if isinstance(stops, str) else stops), USER]
        return settings

    def _begin_judge(self, world_size: int) -> Judge:
        if self.settings.resume and world_size > 1:
            raise UserError("judge.resume works in one process; run on one rank, or without resume.")
        share = max(1, self.settings.concurrency // world_size)
        judge = judge_for(replace(self.settings, concurrency=share), self.BENCHMARK, self.language)
        self.config.metadata["judge"] |= {
            "prompt_set": judge.prompts.prompt_set,
            "prompt_language": judge.settings.prompt_language,
            "prompt_set_sha256": judge.prompts.sha256,
            **judge.sets,
            "ledger": without_home(judge.ledger.path),
        }
        Ending(OF_A_LIBRARY)  # what is in flight is paid for: it is kept as at Ctrl-C
        self.probe = judge.check()
        return judge

    # scores --------------------------------------------------------------------------------------------------------

    @property
    def judge_name(self) -> str:
        """How results call the judge."""
        return self.settings.slug

    def verdicts(self) -> list[tuple[TurnRequest, list[Verdict]]]:
        """Wait for the judge; return each request with what it said of the answer, run by run."""
        if self.judge is None:
            return []
        for conversation, _ in self._talks:
            conversation.languages()
        self.judge.engine.finish()
        said = [
            pair
            for conversation, requests in self._talks
            for pair in zip(requests, conversation.verdicts(), strict=True)
        ]
        self._record(self.judge)
        self._report_unscored(said)
        return said

    def contributions(self, doc: Mapping[str, Any], verdicts: Sequence[Sequence[list[Verdict]]]) -> dict[str, Any]:
        """Return what one question adds to each metric; `verdicts` are per turn, per repeat, per run."""
        question = Question.from_row(doc)
        languages = [talk.languages() for talk, _ in self._talks if talk.question == question]
        return contributions(question, verdicts, list(zip(*languages, strict=True)), self.categories, self.most_turns)

    def _record(self, judge: Judge) -> None:
        """Write down where each judgment counts, so that every number can be computed again from the ledger."""
        place = place_of(judge, self.BENCHMARK, TASK_VERSION, self.language)
        uses = [use for conversation, _ in self._talks for use in conversation.uses(place)]
        try:
            judge.ledger.record(uses)
        except LedgerError as error:  # the scores are there: say what is missing, and go on
            log.error("%s: the ledger doesn't know where its judgments count: %s", self.config.task, error)
        talking = sorted({use.question_id for use in uses if use.suspicious}, key=id_order)
        if talking:
            log.warning(
                "%s: answers hold the judge prompt's delimiters or a verdict: questions %s", self.config.task, talking
            )
        thoughtful = sorted(
            {conversation.question.question_id for conversation, _ in self._talks if conversation.thoughts},
            key=id_order,
        )
        if thoughtful:
            log.info(
                "%s: answers begin with a thought; what follows it is judged: questions %s",
                self.config.task,
                thoughtful,
            )
        judged = (judge.ledger.judgment(use.judgment) for use in uses if use.judgment)
        self._describe([judgment.details for judgment in judged if judgment])

    def _describe(self, details: Sequence[Mapping[str, Any]]) -> None:
        """Write into the results what was sent, in place of what was configured, and who answered."""
        described = self.config.metadata["judge"]
        described["snapshots"] = sorted({str(detail["snapshot"]) for detail in details if "snapshot" in detail})
        sent = as_sent(described, details)
        described.clear()
        described.update(sent)

    def _report_unscored(self, said: Sequence[tuple[TurnRequest, list[Verdict]]]) -> None:
        questions_by_reason: dict[str, set[QuestionId]] = {}
        for request, verdicts in said:
            for verdict in verdicts:
                if verdict.rating is None:
                    questions_by_reason.setdefault(verdict.reason, set()).add(request.doc["question_id"])
        for reason, questions in questions_by_reason.items():
            log.warning("%s: unscored (%s): questions %s", self.config.task, reason, sorted(questions, key=id_order))


class MTBenchXMini(MTBenchX):
    """One language of the mini benchmark: our own questions, no download."""

    BENCHMARK = "mini"


class MTBenchLike(MTBenchX):
    """One language of another benchmark, which a built folder holds: its task file names benchmark and folder."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.BENCHMARK = str(config["benchmark"])
        super().__init__({key: value for key, value in config.items() if key != "benchmark"})
