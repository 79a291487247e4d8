"""The workflows of `examples/`: they are YAML, run the scripts that the loop runs, and get into AWS without keys.

    examples.py FOLDER
"""

import pathlib
import re
import shlex
import subprocess
import sys

import yaml

SCRIPT = re.compile(r"examples/scripts/(\w+)((?: [^\n|)]+)?)")
# How many arguments each script takes at least.
SCRIPTS = {"tighten": 3, "propose": 1, "audit": 3}


def main(folder):
    github, gitlab = (yaml.safe_load((folder / name).read_text()) for name in ("github-actions.yml", "gitlab-ci.yml"))
    for steps in (_github_steps(github), _gitlab_steps(gitlab)):
        _run_the_scripts(steps, folder / "scripts")


def _github_steps(workflow):
    steps = []
    for name, job in workflow["jobs"].items():
        assert job["permissions"]["id-token"] == "write", f"{name} can't ask for a token"
        roles = [step["with"]["role-to-assume"] for step in job["steps"] if "role-to-assume" in step.get("with", {})]
        reads = name != "deploy"
        assert roles == ["${{ env.READER_ROLE }}" if reads else "${{ env.DEPLOY_ROLE }}"], f"{name}: {roles}"
        steps += [step["run"] for step in job["steps"] if "run" in step]
    assert workflow[True]["schedule"], "nothing is audited on a schedule"  # `on` is true in YAML 1.1
    return steps


def _gitlab_steps(pipeline):
    steps = []
    for name, job in pipeline.items():
        if name in ("variables", "stages", ".aws"):
            continue
        assert job["extends"] == ".aws" and job["stage"] in pipeline["stages"], name
        steps += job["script"]
    assert pipeline[".aws"]["id_tokens"]["AWS_TOKEN"]["aud"] == "sts.amazonaws.com"
    return steps + pipeline[".aws"]["before_script"]


def _run_the_scripts(steps, scripts):
    run = set()
    for step in steps:
        subprocess.run(["bash", "-n", "-c", step], check=True)
        for name, arguments in SCRIPT.findall(step):
            assert (scripts / name).exists(), name
            assert len(shlex.split(arguments.rstrip('"'))) >= SCRIPTS[name], step
            run.add(name)
    assert run == set(SCRIPTS), f"not run: {set(SCRIPTS) - run}"
    assert not any("AWS_SECRET_ACCESS_KEY" in step for step in steps), "keys in place of a token"


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
