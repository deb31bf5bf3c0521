"""GitHub's workflow publishes what `make site` builds."""

import yaml

from course_lib.paths import repo_root
from course_lib.site import build


def test_the_workflow_builds_by_the_readmes_command_and_publishes_the_result():
    text = (repo_root() / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    steps = workflow["jobs"]["publish"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make site"]
    (upload,) = (step for step in steps if "upload-pages" in step.get("uses", ""))
    assert upload["with"]["path"] == build.OUT
    used = [step.get("uses", "").partition("@")[0] for step in steps]
    assert used.index("actions/upload-pages-artifact") < used.index("actions/deploy-pages")
