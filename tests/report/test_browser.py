"""The page in a real browser: it asks for nothing, fits, and can be read in light and dark, wide and narrow."""

from __future__ import annotations

import html
import json
import re
import subprocess

import pytest

from report.sample import assessment, examples
from sparring.report import render

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--force-device-scale-factor=1", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
DARK = "--blink-settings=preferredColorScheme=0"
LIGHT = "--blink-settings=preferredColorScheme=1"

# Looks at the page from outside, through a frame of the given width: the page itself allows no script.
PROBE = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="frame" style="width:WIDTHpx;height:6000px;border:0" srcdoc="PAGE"></iframe><pre id="said"></pre>
<script>
const frame = document.getElementById("frame");
frame.addEventListener("load", () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  const shown = (e) => e.getClientRects().length > 0;
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(view.getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const faint = [], wide = [];
  for (const e of page.querySelectorAll("body *")) {
    if (!shown(e)) continue;
    const box = e.getBoundingClientRect(), style = view.getComputedStyle(e);
    const sticks_out = box.width > 1 && box.right > view.innerWidth + 1 && box.left > -999;
    if (sticks_out) wide.push(e.tagName + "." + e.className + " " + Math.round(box.right));
    const svg = e.namespaceURI.endsWith("svg");
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (text && box.left > -999) {
      const a = light(rgb(svg ? style.fill : style.color)), b = light(behind(e));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) faint.push(e.tagName + " " + e.textContent.slice(0, 30) + " " + ratio.toFixed(2));
    }
  }
  const small = [...page.querySelectorAll(".picture text")].filter(shown)
    .map((t) => t.getBoundingClientRect().height).reduce((a, b) => Math.min(a, b), 99);
  document.getElementById("said").textContent = JSON.stringify({
    paper: view.getComputedStyle(page.querySelector("main")).backgroundColor, faint, wide, small,
    scroll: page.documentElement.scrollWidth, inner: view.innerWidth,
    pictures: [...page.querySelectorAll(".picture svg")].filter(shown).length, text: page.body.innerText.length,
  });
});
</script>"""


@pytest.fixture
def browse(chromium, tmp_path):
    """Run Chromium with a profile of its own; return what it printed."""

    def run(*arguments, page):
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        command = [str(chromium), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *arguments, path.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    return run


def requests(log):
    """Addresses that the page asked for, from the browser's log; what the browser wants for itself has no origin."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [e["params"] for e in events if isinstance(e.get("params"), dict) and "url" in e["params"]]
    return {p["url"] for p in asked if p.get("initiator", "not an origin") != "not an origin"}


def looked_at(browse, page, *, width, scheme):
    probe = PROBE.replace("WIDTH", str(width)).replace("PAGE", html.escape(page, quote=True))
    done = browse("--dump-dom", scheme, "--window-size=1400,1000", page=probe)
    said = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL).group(1)
    return json.loads(html.unescape(said)), done


@pytest.fixture(scope="module")
def page():
    return render(assessment(answered=False), format="html", rows=examples())


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390, 360])
def test_page_fits_and_can_be_read(browse, page, width, scheme):
    seen, _ = looked_at(browse, page, width=width, scheme=scheme)
    assert seen["inner"] == width
    assert seen["scroll"] <= width
    assert seen["wide"] == []
    assert seen["faint"] == []
    assert seen["pictures"] == 2, "one of wide and narrow for each objective"
    assert seen["small"] >= 10, "labels in the picture keep a size that can be read"
    assert seen["paper"] == ("rgb(20, 24, 29)" if scheme == DARK else "rgb(255, 255, 255)")


def test_hostile_lengths_do_not_break_the_page(browse):
    base = assessment()
    long = "x" * 500
    names = [c.model_copy(update={"name": f"{c.name}{long}"}) for c in base.columns]
    used = {f"savings{long}": 3}
    findings = tuple(f.model_copy(update={"columns_used": used if f.columns_used else {}}) for f in base.findings)
    document = base.model_copy(update={"columns": tuple(names), "findings": findings, "command": long})
    seen, _ = looked_at(browse, render(document, format="html"), width=360, scheme=LIGHT)
    assert seen["scroll"] <= 360


def test_probe_sees_what_is_wrong(browse):
    bad = (
        '<!doctype html><body><main style="background:#fff;color:#ddd"><p style="width:2000px">pale and wide</p></main>'
    )
    seen, _ = looked_at(browse, bad, width=390, scheme=LIGHT)
    assert seen["wide"]
    assert seen["faint"]
    assert seen["scroll"] > 390


def test_page_asks_for_nothing(browse, page, tmp_path):
    log = tmp_path / "net.json"
    done = browse(f"--log-net-log={log}", "--enable-logging=stderr", "--dump-dom", page=page)
    assert requests(log) == set()
    assert "Content Security Policy" not in done.stderr
    assert "Refused to" not in done.stderr
    assert "What misstated columns could do" in done.stdout


def test_log_of_the_network_sees_a_request(browse, tmp_path):
    log = tmp_path / "net.json"
    browse(f"--log-net-log={log}", "--dump-dom", page='<!doctype html><img src="http://127.0.0.1:9/pixel.png">')
    assert "http://127.0.0.1:9/pixel.png" in requests(log)


def test_policy_holds_even_if_something_slipped_in(browse, page, tmp_path):
    """Were a name not escaped, it still could neither run nor fetch."""
    log = tmp_path / "net.json"
    slipped = page.replace(
        "</header>", '<img src="http://127.0.0.1:9/a.png"><script>document.title="owned"</script></header>', 1
    )
    done = browse(f"--log-net-log={log}", "--dump-dom", page=slipped)
    assert requests(log) == set()
    assert "<title>owned" not in done.stdout


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_screenshots(browse, page, tmp_path, width, scheme):
    shot = tmp_path / "shot.png"
    browse(f"--screenshot={shot}", f"--window-size={width},2400", scheme, page=page)
    head = shot.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20], "big") == width
    assert shot.stat().st_size > 50_000, "there is something to see"
