# The study of Weber et al. (2024, arXiv 2402.13703) from data to model cards, by public commands only.
#   plan    snakemake -s "$(mtbenchx recipes)/study.smk" --dry-run
#   try     snakemake -s "$(mtbenchx recipes)/study.smk" --config scale=toy --cores 2    (two random layers, minutes)
#   run     snakemake -s "$(mtbenchx recipes)/study.smk" --executor slurm --jobs 8       (8 GPUs a training)
# After a kill: --unlock once, then the same line with --rerun-incomplete; trainings go on at their newest checkpoint,
# evaluations at their ledger. Settings, clusters, hours, prices: README.md beside this file.
import json
import sys
from pathlib import Path

HERE = Path(workflow.basedir)
FAMILIES = {"lima-x": "lima_x.yaml", "bactrian-x": "bactrian_x.yaml"}
MIXTURES = ["EN", "DE", "FR", "IT", "ES", "ENDEFRITES", "sampled"]
MODELS = [f"{family}-{mixture}" for family in FAMILIES for mixture in MIXTURES]
CPU = "--use_cpu true --bf16 false --activation_checkpointing false --per_device_train_batch_size 4"
SCALES = {  # every entry can be set: --config gpus=4 train="..." judge='{"model": "gpt-4o"}'
    "paper": {
        "base": "openGPT-X/Teuken-7B-base-v0.6", "folder": "teuken-7b-base-v0.6", "gpus": 8, "batch": 64, "hours": 48,
        "train": "--accelerate_config fsdp2 --per_device_train_batch_size 4 --gradient_accumulation_steps 2",
        "generate": "--device cuda --batch_size 16", "model_args": "dtype=bfloat16", "judge": {}, "gaps": False,
    },
    "smol": {
        "base": "smollm2", "folder": "smollm2-135m-instruct", "gpus": 1, "batch": 8, "hours": 24,
        "train": f"{CPU} --gradient_accumulation_steps 2 --num_train_epochs 1 --max_length 256",
        "generate": "--device cpu --batch_size 16 --gen_kwargs max_gen_toks=64", "model_args": "dtype=float32",
        "judge": {"model": "smollm2-135m-instruct", "backend": "local", "max_tokens": 64}, "gaps": True,
    },
    "toy": {
        "base": "toy", "folder": "toy", "gpus": 1, "batch": 4, "hours": 1,
        "train": f"{CPU} --gradient_accumulation_steps 1 --max_steps 2 --max_length 128",
        "generate": "--device cpu --batch_size 16 --gen_kwargs max_gen_toks=16 --limit 2", "model_args": "dtype=float32",
        "judge": {"model": "toy", "backend": "local", "max_tokens": 16}, "gaps": True,
    },
}  # fmt: skip
SCALE = config.get("scale", "paper")
if SCALE not in SCALES:
    raise WorkflowError(f"There is no scale {SCALE!r}; pass --config scale= with one of {', '.join(SCALES)}.")
S = SCALES[SCALE] | {name: value for name, value in config.items() if name in SCALES[SCALE]}
JUDGE = json.loads(S["judge"]) if isinstance(S["judge"], str) else S["judge"]
SMALL = SCALE != "paper"  # the mini data, and the mini benchmark, whose five languages are one evaluation
TASKS = {"all": "mtbench_x_mini"} if SMALL else {code: f"mtbench_x_{code}" for code in ("en", "de", "fr", "it", "es")}
if not SMALL and {"-n", "--dry-run", "--dryrun"} & set(sys.argv):
    shell("mtbenchx recipes plan")


def judge(ledger, **more):  # one ledger a job: parallel jobs, network file systems
    return json.dumps(JUDGE | more | {"ledger": f"ledgers/{ledger}.sqlite"})


def weights(wildcards):
    return S["folder"] if wildcards.model == S["folder"] else f"runs/{wildcards.model}.trained"


wildcard_constraints:
    family="|".join(FAMILIES),
    mixture="|".join(MIXTURES),
    part="|".join(TASKS),


localrules: all, data, base, report, card  # fmt: skip


rule all:
    input: "report", expand("cards/{model}", model=MODELS)  # fmt: skip


rule data:
    output: directory("{family}")
    params: configs="--configs mini" if SMALL else ""
    shell: "mtbenchx data build {wildcards.family} {params.configs}"


rule base:
    output: directory(S["folder"])
    params: base=S["base"]
    shell: "mtbenchx recipes prepare {params.base} --out {output}"


rule train:
    input:
        data=lambda w: "lima-x" if SMALL else w.family,
        base=S["folder"],
        recipe=lambda w: HERE / FAMILIES[w.family],
        template=HERE / "chat_template.jinja",
    output: touch("runs/{family}-{mixture}.trained")
    log: "logs/train-{family}-{mixture}.txt"
    params:
        mixture=lambda w: f"mini_{w.mixture}" if SMALL else w.mixture,
        flags=S["train"],
        batch=S["batch"],
    resources: gpu=S["gpus"], runtime=S["hours"] * 60
    shell:  # by its key a run that was cut off, and goes on, is told from a run on something else, which begins anew
        "exec >{log} 2>&1; run=runs/{wildcards.family}-{wildcards.mixture}; "
        "set -- --config {input.recipe} --chat_template_path {input.template} --model_name_or_path {input.base} "
        "--dataset_name {input.data} --dataset_config {params.mixture} --output_dir $run {params.flags}; "
        'key=$( (echo "$@"; cat {input.recipe} {input.template} {input.data}/README.md {input.base}/config.json) | sha256sum); '
        '[ "$key" = "$(cat $run.key 2>/dev/null)" ] || rm -rf $run; mkdir -p runs; echo "$key" >$run.key; '
        'mtbenchx recipes check "$@" --gpus {resources.gpu} --batch {params.batch}; '
        "last=$(ls -d $run/checkpoint-*/trainer_state.json 2>/dev/null | sort -V | tail -1 || true); "
        'trl sft "$@" ${{last:+--resume_from_checkpoint ${{last%/trainer_state.json}}}}'


rule evaluate:
    input: weights
    output: directory("results/{model}/{part}")
    log: "logs/evaluate-{model}-{part}.txt"
    params:
        model=lambda w, input: f"{config.get('engine', 'hf')} --model_args "
        f"pretrained={input[0].removesuffix('.trained')},{S['model_args']}",
        chat=lambda w: "" if w.model == S["folder"] else "--apply_chat_template",  # a base has learnt no template
        task=lambda w: TASKS[w.part],
        judge=lambda w: judge(f"{w.model}-{w.part}", resume=True, **({"rating": "expected"} if SMALL else {})),
        generate=S["generate"],
    resources: gpu=1, runtime=S["hours"] * 15
    shell:
        'exec >{log} 2>&1; mkdir -p ledgers; lm_eval run --include_path "$(mtbenchx tasks path)" --tasks {params.task} '
        "--model {params.model} {params.chat} {params.generate} --log_samples --output_path {output} "
        """--metadata "$(printf '{{"judge": %s}}' {params.judge:q})" """


rule compare:
    input: expand("results/{{family}}-{mixture}/{part}", mixture=MIXTURES, part=TASKS)
    output: directory("pairs/{family}")
    log: "logs/compare-{family}.txt"
    params:
        judge=lambda w: judge(f"pairs-{w.family}"),
        gaps="|| [ $? -eq 3 ]" if S["gaps"] else "",  # go on although some comparisons have no result
    shell:
        "exec >{log} 2>&1; mkdir -p ledgers; mtbenchx compare $(find {input} -name 'samples_*.jsonl') "
        "--judge {params.judge:q} --baseline {wildcards.family}-ENDEFRITES --out {output} {params.gaps}"


rule report:
    input:
        results=expand("results/{model}/{part}", model=[*MODELS, S["folder"]], part=TASKS),
        pairs=expand("pairs/{family}", family=FAMILIES),
    output: directory("report")
    shell: "mtbenchx report results pairs --out {output}"


rule card:
    input:
        run="runs/{model}.trained",
        results=expand("results/{{model}}/{part}", part=TASKS),
    output: directory("cards/{model}")
    shell:
        "mtbenchx card runs/{wildcards.model} $(find {input.results} -name 'results_*.json' -printf '--results %p ') "
        "--out {output}"
