from __future__ import annotations

import yaml

from cli_place import QUICK, make_rows
from sparring.assess.system import read_system

INIT = ("init", "model.joblib", "data.csv", "--target", "class")


def entries(place, name="security/system.yaml"):
    return yaml.safe_load((place / name).read_text())["columns"]


def test_without_a_person_nothing_is_guessed(place):
    result = place.run(*INIT)
    assert "nobody was asked" in result.stderr
    assert {entry["who"] for entry in entries(place).values()} == {"unknown"}


def test_guesses_are_accepted_when_that_is_said(place):
    place.run(*INIT, "--yes")
    assert {name: entry["who"] for name, entry in entries(place).items()} == {
        "income": "anyone",
        "age": "nobody",
        "job": "anyone",
        "savings": "anyone",
    }


def test_an_edited_file_loses_no_answer_and_no_comment(place):
    place.run(*INIT, "--yes")
    file = place / "security" / "system.yaml"
    text = file.read_text().replace("who: anyone, change: misstated, checked: never", "who: us, cost: 12.5", 1)
    text = text.replace("decides: null", "decides: loans  # asked the branch").replace("tries: null", "tries: 3")
    file.write_text(text)
    for number in (1, 2):
        result = place.run(*INIT, "--yes")
        assert f"system.yaml.{number}.bak" in result.stderr
    assert (place / "security" / "system.yaml.1.bak").read_text() == text
    known = read_system(file)
    assert known.answers.decides == "loans"
    assert known.answers.tries == 3
    assert known.columns["income"]["who"] == "us"
    assert known.columns["income"]["cost"] == 12.5
    assert known.columns["age"]["who"] == "nobody"


def test_numbers_that_are_called_categories_stay_so_from_command_to_command(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text(
        "columns:\n  age: {kind: category, who: anyone}\n  job: {who: anyone}\n"
    )
    for more in (INIT, ("init", "--data", "data.csv", "--target", "class")):
        place.run(*more, "--yes")
        assert entries(place)["age"] == {
            "kind": "category",
            "who": "anyone",
            "change": "misstated",
            "checked": "never",
            "missing": "never",
        }
    place.run("assess", "model.joblib", "data.csv", "--target", "class", *QUICK)
    used = yaml.safe_load((place / "sparring-out" / "columns.suggested.yaml").read_text())["columns"]["age"]
    assert (used["kind"], used["who"]) == ("category", "anyone")
    (place / "security" / "system.yaml").write_text("columns:\n  age: {kind: category, step: 1}\n")
    text = place.complaint("init", "--data", "data.csv", "--target", "class", "--yes")
    assert "system.yaml:2: column 'age' holds categories, and step is for numbers; remove it" in text


def test_a_file_made_without_a_model_serves_a_model_that_uses_fewer_columns(place):
    place.run("init", "--data", "data.csv", "--target", "class", "--yes")
    assert "customer_id" in entries(place)
    place.run("assess", "model.joblib", "data.csv", "--target", "class", *QUICK)
    place.run(*INIT, "--yes")
    assert set(entries(place)) == {"income", "age", "job", "savings"}


def test_a_new_column_joins_the_file(place):
    place.run(*INIT, "--yes")
    more = place.rows(make_rows(50, seed=0).assign(purpose=["car", "boat"] * 25))
    place.run("init", "--data", more, "--target", "class", "--yes")
    assert entries(place)["purpose"]["who"] == "anyone"


def test_a_column_that_is_gone_is_named_and_nothing_is_lost(place):
    place.run(*INIT, "--yes")
    before = (place / "security" / "system.yaml").read_text()
    less = place.rows(make_rows(50, seed=0).drop(columns="savings"))
    text = place.complaint("init", "--data", less, "--target", "class", "--yes")
    assert "security/system.yaml:" in text
    assert "'savings'" in text
    assert (place / "security" / "system.yaml").read_text() == before


def test_a_file_that_cannot_be_understood_is_left_alone(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text("columns: [1\n")
    assert "security/system.yaml:" in place.complaint(*INIT)
    assert (place / "security" / "system.yaml").read_text() == "columns: [1\n"


def test_model_and_data_or_data_alone(place):
    for args in ((), ("model.joblib",), ("model.joblib", "data.csv", "--data", "data.csv")):
        assert "give MODEL and DATA" in " ".join(place.run("init", *args, "--target", "class", code=2).stderr.split())


def test_a_place_that_cannot_be_written(place):
    (place / "file").write_text("")
    assert "cannot be written" in place.complaint(*INIT, "--file", "file/system.yaml")


def test_relations_of_the_data_are_written_down_and_bind_nobody(place):
    rows = make_rows(120, seed=1)
    rows["asked"] = rows["income"] - 100 * (rows["age"] % 5)
    rows.to_csv(place / "data.csv", index=False)
    place.run("init", "--data", "data.csv", "--target", "class", "--yes")
    file = place / "security" / "system.yaml"
    text = file.read_text()
    assert "  - {at_most: [asked, income], confirmed: false}" in text
    place.run("init", "--data", "data.csv", "--target", "class", "--yes")  # what stays open is found once
    assert file.read_text().count("at_most: [") == 2  # the comment's and its own


def test_a_relation_that_the_data_break_stops_with_one_sentence(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text("columns: {}\nrelations:\n  - {at_most: [income, age]}\n")
    for more in (INIT, ("assess", *INIT[1:], *QUICK)):
        result = place.run(*more, code=2)
        assert "relation income <= age must hold in every row of the data" in result.stderr
        assert result.stderr.count("Error") <= 1
        assert "Traceback" not in result.stderr
    assert not (place / "sparring-out").exists()
