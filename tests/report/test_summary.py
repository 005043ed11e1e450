"""The summary says what the document says: no more, no less, and silence never reads as good news."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.sample import ATTACKED, assessment, examples, finding, findings
from sparring.core.document import Caveat, Outcome
from sparring.core.threat import Attacker
from sparring.report.blocks import TOGETHER, Alert, Edits, Figure, Notes, Table, Text
from sparring.report.facts import NOTHING
from sparring.report.summary import shortened, summarize
from sparring.report.words import GAP


def said(document, **options):
    """Return headline and what stands beside it, as one text."""
    summary = summarize(document, **options)
    answers = [f"{question}: {answer}" for question, answer in summary.lead]
    return " ".join([*summary.warnings, summary.headline, *answers]).replace(GAP, " ")


def section(document, key, **options):
    return next(s for s in summarize(document, **options).sections if s.key == key)


def only(*some, **more):
    return assessment(findings=some, **more)


def test_headline_counts_rows_in_words_of_statistics():
    text = said(assessment())
    assert (
        "14 of 80 rows rightly decided as “bad” pass as “good” by misstating 1 column, 33 by up to 2 and 42 by up to 3."
    ) in text
    assert "18 % (11 to 27 %), 41 % (31 to 52 %) and 52 % (42 to 63 %) of such rows, with 95 % intervals" in text
    assert (
        "Each row counts with whoever does best on it. "
        "The most successful of 3 kinds of attackers, an insider with the model file, reaches 40 of these 42. "
        "Somebody who tries the obvious edits by hand, without any program, reaches 22 of the 80: 28 % (19 to 38 %)."
    ) in text
    assert (
        "With up to 3 columns it was proven for 20 of the other 38 that no allowed edit works; 18 are undecided."
        in text
    )
    assert "right on 76.0 % (70.9 to 80.5 %) of 300 rows as they are, and on 62.0 % (56.4 to 67.3 %)" in text
    assert "Always giving the commonest answer, whatever the row, is right on 70.0 %." in text
    assert "3 of 9 planned measurements have no result (1 does not apply, 1 was skipped and 1 failed)" in text


def test_without_answers_every_headline_is_an_upper_bound():
    document = assessment(answered=False)
    summary = summarize(document)
    assert summary.headline.startswith("Upper bound: 14 of 80")
    assert "assumes that everything can be changed" in summary.warnings[0]
    assert "checking_account" in summary.warnings[0]
    assert not any("pper bound" in text for text in summarize(assessment()).warnings)


def test_an_unfinished_document_says_so_first():
    assert summarize(assessment(complete=False)).warnings[0].startswith("Unfinished")


def test_nothing_found_is_an_upper_bound_of_the_strongest_attacker_tried():
    text = said(
        only(
            finding("random-noise", "columns", Attacker.NOBODY, (0, 0, 0)),
            finding("tree-search", "columns", Attacker.INSIDER, (0, 0, 0)),
            finding("hand-edit", "columns", Attacker.BY_HAND, (0, 0, 0)),
        )
    )
    assert "None of 80 rows rightly decided as “bad” passes as “good” by misstating up to 3 columns" in text
    assert "with 95 % confidence, at most 4.6 % of such rows would, to attacks of this strength" in text
    assert "insider" in text
    assert "With up to 3 columns nothing is known of the other 80: no edit was found, and nothing was proven." in text


def test_nothing_measured_is_not_good_news():
    text = said(only(finding("tree-search", "columns", Attacker.INSIDER, None, reason="the budget ended first")))
    assert "Nothing was measured, so nothing is known" in text
    assert "The commonest reason: the budget ended first." in text
    assert "None of" not in text
    assert "Nothing was measured" in said(only())


def test_among_equals_the_headline_names_who_needs_least():
    equal = [finding(name, "columns", a, (5, 9, 9)) for name, a in (("t", Attacker.INSIDER), ("h", Attacker.BY_HAND))]
    text = said(only(*equal))
    assert (
        "The most successful of 2 kinds of attackers, somebody who tries the obvious edits by hand, without any "
        "program, reaches 9 of these 11."
    ) in text
    assert text.count("by hand") == 1


def test_one_attacker_alone_reaches_all_of_them():
    text = said(only(finding("tree-search", "columns", Attacker.INSIDER, (1, 2, 3))))
    assert "An insider with the model file reaches all of these." in text
    assert "whoever does best" not in text


def test_the_table_says_what_all_reach_together_where_that_is_more():
    def last(document):
        table = next(b for b in section(document, "attackers").blocks if isinstance(b, Table))
        return [cell.replace(GAP, " ") for cell in table.rows[-1]]

    assert last(assessment())[0].startswith("All of these")
    assert last(assessment())[3:] == ["42 of 80: 52 % (42 to 63 %)", "16 of 80: 20 % (13 to 30 %)"]
    assert last(only(findings()[0]))[0].startswith("Insider")


def test_spread_takes_the_headline_where_columns_were_not_measured():
    text = said(only(finding("tree-search", "spread", Attacker.INSIDER, (0, 2, 9, 14, 30))))
    assert "2 of 80 rows rightly decided as “bad” pass as “good” by moving entries by up to 0.1 spreads" in text
    assert "9 by up to 0.25 and 14 by up to 0.5" in text


def test_without_a_wanted_answer_rows_are_decided_otherwise():
    target = assessment().target.model_copy(update={"wants": None})
    assert "14 of 80 rows that are decided correctly are decided otherwise by misstating 1 column" in said(
        assessment(target=target)
    )


def test_random_tries_in_front_are_said_to_be_random():
    some = [finding(name, "columns", a, b) for name, a, b in RANDOM_AHEAD]
    text = said(only(*some))
    assert (
        "Random tries, without any aim, reach 30 of these 32; no attack that was measured did better with up to "
        "3 columns."
    ) in text


RANDOM_AHEAD = (("random-noise", Attacker.NOBODY, (9, 20, 30)), ("tree-search", Attacker.INSIDER, (5, 9, 12)))


def test_an_attack_that_could_not_be_loaded_is_known_by_its_name():
    lost = [
        finding(n, "columns", "unknown", None, outcome=Outcome.FAILED, reason="no module") for n in ("tree-search", "x")
    ]
    document = only(*lost, finding("random-noise", "columns", Attacker.NOBODY, (0, 1, 2)))
    table = next(b for b in section(document, "attackers").blocks if isinstance(b, Table))
    rows = {row[0].partition("\n")[0]: row for row in table.rows}
    assert rows["Random tries"][2] == "Random changes of equal size"
    assert rows["Insider with the model file"][2:4] == ("nothing was measured", "failed")
    assert rows["Not known"][1:4] == (NOTHING, "nothing was measured", "failed")


def test_rows_from_memory_have_no_file():
    document = assessment(data=assessment().data.model_copy(update={"source": "memory"}))
    assert dict(summarize(document).about)["Rows"] == "the data given, 300 rows, 20 columns"


def test_one_row_is_one_row():
    text = said(only(finding("tree-search", "columns", Attacker.INSIDER, (1, 1, 2))))
    assert "1 of 80 rows rightly decided as “bad” passes as “good”" in text


@pytest.mark.parametrize("outcome", [Outcome.NOT_APPLICABLE, Outcome.SKIPPED, Outcome.FAILED])
def test_what_was_not_measured_stands_there_with_its_reason(outcome):
    missing = finding("x", "columns", Attacker.INSIDER, None, outcome=outcome, reason="because of this")
    blocks = section(only(missing), "missing").blocks
    assert isinstance(blocks[0], Alert)
    table = next(b for b in blocks if isinstance(b, Table))
    assert table.rows[0][-1].endswith(": because of this")


def test_everything_measured_still_names_what_no_assessment_covers():
    blocks = section(only(findings()[0]), "missing").blocks
    assert "Everything that was planned was measured." in blocks[0].text
    assert "Never part of this assessment" in blocks[-1].text


def test_every_finding_appears_somewhere():
    document = assessment()
    every = [row[0] for b in section(document, "every").blocks if isinstance(b, Table) for row in b.rows]
    assert every == [f.id for f in document.findings if f.outcome is Outcome.MEASURED]
    blocks = section(document, "missing").blocks
    (open_,) = [block.rows for block in blocks if isinstance(block, Table)]
    (others,) = [block.items for block in blocks if isinstance(block, Notes)]
    assert len(every) + len(open_) + len(others) == len(document.findings)
    assert others == (
        ("Exact solution for linear models", "does not apply: the model is an ensemble of trees, not linear"),
    )


def test_what_another_attack_stood_in_for_is_no_cause_for_alarm():
    some = findings()
    document = only(some[0], some[6])
    assert "1 of 2 planned measurements has no result (1 does not apply); another attack by the same kind of" in said(
        document
    )
    assert not any(isinstance(block, Alert) for block in section(document, "missing").blocks)
    alone = only(some[2], some[6])
    assert "says nothing good about the model" in said(alone)
    assert isinstance(section(alone, "missing").blocks[0], Alert)


def test_findings_that_lack_for_one_reason_share_a_row():
    pair = [
        finding("x", objective, Attacker.INSIDER, None, title="X", reason="because", outcome=Outcome.SKIPPED)
        for objective in ("columns", "spread")
    ]
    table = next(b for b in section(only(*pair), "missing").blocks if isinstance(b, Table))
    assert [row[2:] for row in table.rows] == [("columns and spread", "skipped: because")]


def test_one_kind_of_doubt_is_one_note():
    doubt = Caveat(code="not-converged", text="More.")
    some = [
        finding(f"a{i}", "columns", Attacker.SEES_SCORES, (1, 2, 3), title=f"T{i}", caveats=(doubt,)) for i in range(6)
    ]
    notes = next(b for b in section(only(*some, caveats=()), "doubts").blocks if isinstance(b, Notes))
    ((label, text),) = notes.items
    assert label == "The search was still finding rows when its effort ended"
    assert text.startswith("T0 (columns): More. T1 (columns): More.")
    assert text.endswith("T3 (columns): More. 2 more measurements raise it. Give a larger --budget. [not-converged]")


def test_where_all_is_known_the_counts_are_exact():
    text = said(only(finding("tree-search", "columns", Attacker.INSIDER, (12, 31, 40), proven=(68, 49, 30))))
    assert (
        "With 1 column and up to 2 columns the counts are exact: it was proven that no other of these rows can pass. "
        "With up to 3 columns it was proven for 30 of the other 40 that no allowed edit works; 10 are undecided."
    ) in text


def test_performance_stands_beside_worst_case_constant_and_floor():
    table = section(assessment(), "performance").blocks[0]
    cells = {row[0].replace(GAP, " "): [cell.replace(GAP, " ") for cell in row[1:]] for row in table.rows}
    assert cells["Accuracy"] == ["76.0 % (70.9 to 80.5 %)", "62.0 % (56.4 to 67.3 %)", "70.7 % (65.3 to 75.5 %)"]
    assert cells["Always giving the commonest answer"][0] == "70.0 % (64.6 to 74.9 %)"
    assert cells["Error that no classifier can go below"] == [NOTHING, "9.0 %", "1.3 %"]
    assert cells["Accuracy on rows that are bad (n = 90)"][1] == "42 % (33 to 53 %)"
    assert cells["Area under the ROC curve"] == ["0.851 (0.801 to 0.890)", NOTHING, NOTHING]


def test_figure_table_and_alternative_text_say_what_the_picture_says():
    figures = [b for b in section(assessment(), "figure").blocks if isinstance(b, Figure)]
    assert [f.axis for f in figures] == ["columns misstated, at most", "largest change in spreads, at most"]
    first = figures[0]
    assert [s.attacker for s in first.series] == ["insider", "sees-scores", "by-hand", "nobody", TOGETHER]
    assert [(d.broken, d.n) for d in first.series[0].dots] == [(12, 80), (31, 80), (40, 80)]
    assert [(d.broken, d.n) for d in first.series[-1].dots] == [(14, 80), (33, 80), (42, 80)]
    assert [row[0] for row in first.table.rows] == [series.label for series in first.series]
    assert first.table.rows[-1][0] == "All of these together"
    assert first.table.rows[-1][3].replace(GAP, " ").startswith("42 of 80")
    assert all(series.label in first.alt for series in first.series)


def test_one_attacker_is_not_drawn_twice():
    alone = section(only(findings()[0]), "figure").blocks[0]
    assert [s.attacker for s in alone.series] == ["insider"]


def test_two_lines_of_one_attacker_have_two_names():
    twins = [finding(name, "columns", Attacker.INSIDER, (1, 2, 3), title=name) for name in ("one", "two")]
    figure = section(only(*twins), "figure").blocks[0]
    assert len({series.label for series in figure.series}) == 3


def test_tables_leave_out_sizes_that_no_column_can_have():
    doubt = Caveat(code="coarse-columns", text="No column can change by 0.5 spreads or less.")
    document = assessment(caveats=(doubt,))
    for key in ("attackers", "performance"):
        table = next(b for b in section(document, key).blocks if isinstance(b, Table))
        assert not any("spreads" in title for title in table.head)
        assert {len(row) for row in table.rows} == {len(table.head)}
    texts = [b.text for b in section(document, "attackers").blocks if isinstance(b, Text)]
    assert "Sizes in spreads are left out of these tables: no column can change by as little as 0.5." in texts
    spread = only(finding("tree-search", "spread", Attacker.INSIDER, (0, 0, 0, 0, 3)), caveats=(doubt,))
    table = next(b for b in section(spread, "attackers").blocks if isinstance(b, Table))
    assert table.head[3:] == (f"Success, up{GAP}to{GAP}0.5{GAP}spreads",)


def test_one_row_that_is_left_is_one_row():
    text = said(only(finding("tree-search", "columns", Attacker.INSIDER, (1, 2, 79))))
    assert "nothing is known of the one other row: no edit" in text
    text = said(only(finding("tree-search", "columns", Attacker.INSIDER, (1, 2, 79), proven=(0, 0, 1))))
    assert "it was proven for the one other row that no allowed edit works." in text


def test_edits_show_changed_columns_only():
    edits = next(b for b in section(assessment(), "edits").blocks if isinstance(b, Edits))
    assert edits.edits[2].changes == (
        ("other_plans", "bank", "none"),
        ("employed_since", "under 1 year", "4 to 7 years"),
    )
    assert edits.edits[0].title.replace(GAP, " ") == "Row 17, 1 column"


def test_whole_rows_come_only_on_request_and_under_a_banner():
    assert not any(s.key == "rows" for s in summarize(assessment()).sections)
    summary = summarize(assessment(), rows=examples())
    assert summary.warnings[-1].startswith("Personal data")
    blocks = next(s for s in summary.sections if s.key == "rows").blocks
    assert isinstance(blocks[0], Alert)
    table = blocks[1]
    assert table.name == "Row 17"
    assert ("savings", "under 100 DM", "unknown or no savings account") in table.rows
    assert ("age", "31", "=") in table.rows


def test_whole_rows_of_a_column_with_a_name_of_ours():
    frame = examples().rename(columns={"age": "row_"})
    blocks = section(assessment(), "rows", rows=frame).blocks
    assert ("row_", "31", "=") in blocks[1].rows


def test_short_keeps_the_first_screen_and_what_is_missing():
    whole = summarize(assessment())
    short = shortened(whole)
    assert (short.headline, short.lead, short.warnings) == (whole.headline, whole.lead, whole.warnings)
    assert [s.key for s in short.sections] == [
        "attackers",
        "performance",
        "proofs",
        "edits",
        "missing",
        "doubts",
        "more",
    ]


def test_summary_is_a_function_of_the_document():
    assert summarize(assessment()) == summarize(assessment())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, ATTACKED), min_size=3, max_size=3).map(sorted), st.booleans())
def test_headline_figures_are_those_of_the_document(broken, answered):
    document = assessment(
        answered=answered, findings=(finding("tree-search", "columns", Attacker.INSIDER, tuple(broken)),)
    )
    headline = summarize(document).headline.replace(GAP, " ")
    numbers = [int(x) for x in re.findall(r"\b\d+\b", headline.replace("%", "").replace("95", ""))]
    if broken[-1] == 0:
        assert "None of 80" in headline
        assert "at most 4.6 %" in headline
    else:
        first = [] if broken[0] == 0 else [broken[0]]
        assert numbers == [*first, 80, 1, broken[1], 2, broken[2], 3]


def test_waiting_for_a_compiler_is_told_apart_from_the_budget():
    def budget(**more):
        summary = summarize(assessment(**more))
        section = next(s for s in summary.sections if s.key == "reproduce")
        notes = next(b for b in section.blocks if isinstance(b, Notes))
        return dict(notes.items)["Budget"]

    assert budget() == "60 s, used 48 s"
    assert budget(compile_s=2.9) == "60 s, used 48 s"
    assert budget(compile_s=27.6) == "60 s, used 48 s; before that 28 s to compile the searches, once on a machine"


def test_proofs_are_shown_by_attacker_with_what_is_left_open():
    table = next(b for b in section(assessment(), "proofs").blocks if isinstance(b, Table))
    rows = [tuple(cell.replace(GAP, " ") for cell in row) for row in table.rows]
    assert [size.replace(GAP, " ") for size in table.head[1:]] == ["1 column", "up to 2 columns", "up to 3 columns"]
    insider = ("68 of 80: none undecided", "40 of 80: 9 undecided", "20 of 80: 20 undecided")
    together = ("66 of 80: none undecided", "40 of 80: 7 undecided", "20 of 80: 18 undecided")
    assert rows == [("Insider with the model file", *insider), ("All of these together", *together)]
    short = next(s for s in shortened(summarize(assessment())).sections if s.key == "proofs")
    assert short.blocks == (table,)


def test_who_alone_proves_something_is_named_once():
    search, random = findings()[0], findings()[5]
    document = only(search, random)
    union = (document.worst_case[0].model_copy(update={"union": search.curve}),)
    alone = section(document.model_copy(update={"worst_case": union}), "proofs")
    table = next(b for b in alone.blocks if isinstance(b, Table))
    assert [row[0] for row in table.rows] == ["Insider with the model file"]


def test_without_proofs_there_is_no_section_about_them():
    keys = [s.key for s in summarize(only(*findings()[1:])).sections]
    assert "figure" in keys
    assert "proofs" not in keys
