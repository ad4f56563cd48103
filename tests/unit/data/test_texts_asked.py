"""Prompts for a language model and its answers: `tcclip texts ask`, `take` and `check`, on a dataset of one's own."""

import json
import re
import shlex
import shutil
from pathlib import Path

import guides
import pytest
import yaml
from file_server import serving
from typed import commands

from tcclip.cli.app import command_line
from tcclip.data.texts.answers import tidied
from tcclip.data.texts.prompts import AT_A_TIME, prompts
from tcclip.errors import UserError
from tcclip.params.reader import params_folder
from tcclip.params.release import RemoteFile
from tcclip.params.texts import KINDS
from tcclip.plan import layout, load_plan
from tcclip.stages import train

CLASSES = ("opening a drawer", "PouringWater", "cut_bread")
SAID = {
    "rephrased": lambda name: f"{name.capitalize()}: Somebody does it with both hands.",
    "descriptors": lambda name: {
        "spatial": ["1. table", "2. hands.", "3. a lamp", "4. wall"],
        "temporal": ["1) Come in", "2) Do it.", "3) Stop", "4) Go away"],
    },
    "class_words": lambda name: ["do", "doing", name, "Do", "work on it."],
    "video_words": lambda name: ["do", "doing"],
}


@pytest.fixture
def kitchen(tmp_path, monkeypatch):
    """A working directory with a dataset of three classes, whose lists are made."""
    shutil.copytree(params_folder(), tmp_path / "params")
    content = {"format": "csv", "folder": "videos", "csv": "list.csv", "methods": ["tc_clip-llm"]}
    (tmp_path / "params/datasets/kitchen.yaml").write_text(yaml.safe_dump(content))
    paths = [f"day{day}/{number}.mp4" for day in range(6) for number in range(len(CLASSES))]
    for path in paths:
        (tmp_path / "videos" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / path).write_text(path)
    rows = [f"{path},{CLASSES[int(path[5])]}" for path in paths]
    (tmp_path / "list.csv").write_text("\n".join(["path,label", *rows]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TCCLIP_PARAMS", raising=False)
    load_plan.cache_clear()
    tcclip("raw", "kitchen")
    tcclip("splits", "kitchen")
    yield tmp_path
    load_plan.cache_clear()


def tcclip(*words) -> None:
    command_line()([*words], standalone_mode=False)


def said(capsys, *words) -> str:
    """What a command says at its end, whether it succeeds or not."""
    capsys.readouterr()
    try:
        tcclip(*words)
    except SystemExit as end:
        assert end.code == 1
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_prompts_are_written_over_prompts_and_not_over_answers_that_lie_beside(kitchen):
    folder = kitchen / "data/texts/kitchen/prompts"
    folder.mkdir(parents=True)
    (folder / "rephrased-7.txt").write_text("of before")
    (folder / "rephrased-1.answer.txt").write_text("an answer")
    tcclip("texts", "ask", "kitchen", "rephrased")
    assert sorted(path.name for path in folder.iterdir()) == ["rephrased-1.answer.txt", "rephrased-1.txt"]


def type_it(capsys, sentence) -> str:
    """Type the one command of a sentence."""
    (command,) = (found for found in commands(sentence) if found.startswith("tcclip"))
    return said(capsys, *shlex.split(command)[1:])


def answered(prompt: Path, **changes) -> Path:
    """An answer as a model gives it, with a word before it and a fence around it."""
    text = prompt.read_text(encoding="utf-8")
    form = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    names = text.partition(" of them:\n")[2].strip().splitlines()
    form["answers"] = {name: SAID[form["kind"]](name) for name in names} | changes
    answer = prompt.with_suffix(".answer")
    answer.write_text(f"Here it is:\n```json\n{json.dumps(form, indent=2)}\n```\n", encoding="utf-8")
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_asked_and_answered_and_taken_is_what_is_read(kitchen, capsys, kind):
    assert "`tcclip texts ask kitchen rephrased` writes prompts" in said(capsys, "texts", "check", "kitchen")
    wrong = said(capsys, "texts", "check", "kitchen", kind)
    asked = type_it(capsys, wrong)  # the sentence's own command
    assert re.search(r"1 prompts for (3 classes|12 videos): give each to a language model", asked)
    (prompt,) = (kitchen / "data/texts/kitchen/prompts").glob("*.txt")
    told = said(capsys, "texts", "take", str(answered(prompt)))
    assert re.search(rf"(3|12) taken; all are there: `tcclip texts check kitchen {kind}` reads them", told)
    type_it(capsys, told)
    texts = json.loads(layout.texts("kitchen", kind, "all").read_text())
    first = {
        "rephrased": ["Pouringwater: Somebody does it with both hands"],
        "descriptors": ["table", "hands", "a lamp", "wall", "Come in", "Do it.", "Stop", "Go away"],
        "class_words": ["do", "doing", "work on it"],
        "video_words": ["do", "doing"],
    }
    assert all(of_one == first[kind] for name, of_one in texts.items() if name == "PouringWater" or "/" in name)
    assert len(texts) == (12 if kind == "video_words" else 3)
    assert "nothing to ask" in said(capsys, "texts", "ask", "kitchen", kind)
    assert not list((kitchen / "data/texts/kitchen/prompts").glob("*.txt"))


def test_files_have_the_originals_formats(kitchen, capsys):
    for kind in KINDS:
        tcclip("texts", "ask", "kitchen", kind)
        tcclip("texts", "take", str(answered(kitchen / f"data/texts/kitchen/prompts/{kind}-1.txt")))
    folder = kitchen / "data/texts/kitchen"
    assert list(json.loads((folder / "rephrased/all.json").read_text())) == ["0", "1", "2"]
    for form in ("spatial", "temporal"):
        content = json.loads((folder / f"descriptors/all.{form}.json").read_text())
        assert list(content) == ["0", "1", "2"] and {len(texts) for texts in content.values()} == {4}
    assert (folder / "class_words/cut_bread.txt").read_text() == "cut_bread\ndo\ndoing\nwork on it\n"
    files = sorted((folder / "video_words").rglob("*.txt"))
    assert len(files) == 12 and files[0].read_text() == "do\ndoing\n" and files[0].parent.parent.name == "video_words"


def test_a_dataset_of_ones_own_with_texts_trains_the_methods_that_need_them(kitchen, capsys):
    plan = load_plan("mini")
    name = "few_shot-kitchen-k2-tc_clip-llm-s1024"
    checked = layout.texts("kitchen", "rephrased", "all")
    assert checked in train.depends_on(plan, name).inputs
    layout.frames_index("kitchen").parent.mkdir(parents=True)
    layout.frames_index("kitchen").write_text("no frames")  # nothing is trained
    with pytest.raises(UserError, match="is not there: `tcclip texts check kitchen rephrased` makes it"):
        train.training_job(plan, name)
    tcclip("texts", "ask", "kitchen", "rephrased")
    tcclip("texts", "take", str(answered(kitchen / "data/texts/kitchen/prompts/rephrased-1.txt")))
    tcclip("texts", "check", "kitchen")
    job = train.training_job(plan, name)
    assert set(job.class_names) == set(CLASSES)  # as they are written in the list
    assert job.texts["rephrased"]["cut_bread"] == ("Cut_bread: Somebody does it with both hands",)


def test_what_is_right_of_an_answer_is_taken_and_the_rest_is_asked_for_again(kitchen, capsys):
    tcclip("texts", "ask", "kitchen", "descriptors")
    prompt = kitchen / "data/texts/kitchen/prompts/descriptors-1.txt"
    bad = {"cut_bread": {"spatial": ["bread"], "temporal": ["Cut", "Cut", "Eat", "Stop"]}}
    told = said(capsys, "texts", "take", str(answered(prompt, **bad)))
    assert "2 taken, but" in told and "(and 1 more mistakes)" in told
    assert "('cut_bread'): it has 1 texts, and 4 are wanted" in told
    assert "1 prompts for 1 classes" in type_it(capsys, told)
    assert prompt.read_text().endswith("The actions, 1 of them:\ncut_bread\n")
    assert "1 taken; all are there" in said(capsys, "texts", "take", str(answered(prompt)))


@pytest.mark.parametrize(
    "content, sentence",
    [
        ("I cannot do that.", r"has no JSON object \{\.\.\.\}: save the model's whole answer there"),
        ('{"dataset": "kitchen", "kind": "rephrased"}', 'the answer has no "answers": write it there'),
        (
            'ok\n{"dataset": "kitchen",\n "kind" "x"}',
            r"line 3, column 9: no JSON .*: put it right there: \"kind\" \"x\"}",
        ),
        ('{"dataset": "kitchen", "kind": "words", "answers": {}}', "unknown kind of texts .* 'words': did you mean"),
        ('{"dataset": "kitchen", "kind": "rephrased", "answers": []}', '"answers" must be an object'),
        ('{"dataset": "kitchn", "kind": "rephrased", "answers": {}}', "'kitchn'.* did you mean 'kitchen'"),
        ('{"dataset": "kitchen", "kind": "rephrased", "answers": {"cut breat": "A: b"}}', "did you mean 'cut_bread'"),
        (
            '{"dataset": "kitchen", "kind": "rephrased", "answers": {\n"cut_bread": "A: b",\n"cut_bread": "C: d"}}',
            'key "cut_bread" is there twice, on lines 2 and 3: delete one',
        ),
        ('{"dataset": "mini_k400", "kind": "rephrased", "answers": {}}', "the texts of mini_k400 are generated"),
        ('{"dataset": "hmdb51", "kind": "descriptors", "answers": {}}', "the descriptors of hmdb51 are fetched"),
    ],
)
def test_an_answer_that_cannot_be_taken_says_why(kitchen, capsys, content, sentence):
    (kitchen / "answer.txt").write_text(content)
    assert re.search(sentence, said(capsys, "texts", "take", "answer.txt"))
    assert not (kitchen / "data/texts").exists()


def test_names_are_taken_in_other_spellings_than_the_lists(kitchen, capsys):
    content = {"dataset": "kitchen", "kind": "rephrased", "answers": {"Cut Bread": "Cut bread: A knife cuts bread."}}
    (kitchen / "answer.txt").write_text(json.dumps(content))
    assert "1 taken; 2 are still missing" in said(capsys, "texts", "take", "answer.txt")
    there = json.loads((kitchen / "data/texts/kitchen/rephrased/all.json").read_text())
    assert list(there.values()) == ["Cut bread: A knife cuts bread"]


def test_a_prompt_names_at_most_a_few_classes_and_says_how_many_descriptors():
    texts = prompts("kitchen", "descriptors", [f"class {n}" for n in range(2 * AT_A_TIME + 1)], count=2)
    assert len(texts) == 3 and all("exactly 2 things" in text and "exactly 2 steps" in text for text in texts)
    assert "The actions, 1 of them:\nclass 50\n" in texts[2]
    assert "40 words" in prompts("kitchen", "rephrased", ["a"])[0]


def test_an_answer_loses_what_models_add():
    assert tidied("class_words", "cut_bread", ["- cut", "Cut Bread", "CUT", "slice it."]) == ["cut", "slice it"]
    assert tidied("video_words", "day0/1", []) == []
    assert tidied("rephrased", "a", "A:  b c. ") == "A: b c"
    assert tidied("descriptors", "a", "none") == {}


def test_a_release_s_texts_are_fetched_at_their_pinned_version_and_read(kitchen, monkeypatch, capsys):
    lists = {"hmdb51": ["all", "base", "novel"]}
    for name, names in zip(lists["hmdb51"], (("run", "walk"), ("walk",), ("run",)), strict=True):
        path = layout.classes("hmdb51", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("label,name\n" + "".join(f"{label},{word}\n" for label, word in enumerate(names)))
    with serving() as site:
        files = [
            RemoteFile(
                name=f"descriptors/{form}_descriptors/4_descriptors.json",
                urls=[site.add(f"{form}.json", json.dumps({"0": list("abcd"), "1": list("efgh")}).encode())],
                into="lists/descriptors",
            )
            for form in ("spatio", "temporal")
        ]
        for module in ("tcclip.data.release.needed", "tcclip.plan.texts"):
            monkeypatch.setattr(f"{module}.split_files", lambda dataset, kind: files)
        assert "descriptors of 3 class lists" in said(capsys, "texts", "check", "hmdb51", "descriptors")
    texts = {name: json.loads(layout.texts("hmdb51", "descriptors", name).read_text()) for name in lists["hmdb51"]}
    assert texts["all"] == {"run": list("abcd") * 2, "walk": list("efgh") * 2}
    assert (texts["base"], texts["novel"]) == ({"walk": list("efgh") * 2}, {"run": list("abcd") * 2})


def test_a_release_s_words_are_in_the_users_folder_and_quoted_until_it_is_named(kitchen, capsys):
    content = {"dataset": "k400", "kind": "class_words", "answers": {"run": ["jog", "jogging"]}}
    layout.classes("k400", "all").parent.mkdir(parents=True)
    for name in ("all", "base", "novel"):
        layout.classes("k400", name).write_text("label,name\n0,run\n")
    (kitchen / "answer.txt").write_text(json.dumps(content))
    told = said(capsys, "texts", "take", "answer.txt")
    _, line, section = commands(told)
    assert (line, section) == ("class_words: data/texts/k400/class_words", "texts:")
    assert "in params/datasets/k400.yaml uses them" in told


def test_the_guides_commands_do_what_it_says(kitchen, capsys):
    first, second = (block.splitlines() for block in guides.blocks("adding_a_dataset.md", "console"))
    (answer,) = guides.blocks("adding_a_dataset.md", "json")
    (kitchen / "list.csv").write_text(
        (kitchen / "list.csv")
        .read_text()
        .replace("PouringWater", "pouring water")
        .replace("cut_bread", "pouring water")
    )
    for command in first:
        tcclip(*shlex.split(command)[1:])
    assert (kitchen / "data/texts/kitchen/prompts/rephrased-1.txt").is_file()
    (kitchen / "answer.txt").write_text(answer)
    for command in second:
        tcclip(*shlex.split(command)[1:])
    assert Path("data/splits/kitchen/texts/rephrased-all.json").is_file()
    assert "few_shot-kitchen-k2-tc_clip-llm-s1024" in load_plan("mini").runs
