"""Draws the picture of the README from one real run: `python -m tests.picture`."""

from __future__ import annotations

import json
import re
import tempfile
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import typst
from PIL import Image

from bot.drawings import FOLDER
from bot.typeset import _fonts
from flows.engine import Engine
from flows.library import load
from tests.fake_bot_api import Request, running
from tests.person import Person
from tests.test_bot_process import Bot, Talk

CONVERSATION = Path(__file__).parent / "transcripts" / "conversation.png"
DOTS = 150
RUNNER = Person(
    {
        "age": "35_44", "nprs": 3, "dur": "2_6w", "trend": "better", "site": "across", "timing": ["late_run"],
        "load": ["vol_up"], "form": ["slumped"], "band": "yes",
    }
)  # fmt: skip
SHOWN_FIRST = "bird_dog"
STYLED = re.compile(r"(</?[bi]>|\n)")
SCREENS = """
#let data = json(bytes(sys.inputs.data))
#set page(width: 620pt, height: 520pt, margin: 8pt, fill: rgb("#eef3ef"))
#set text(font: "Open Sans", size: 7.6pt, fill: rgb("#1d2622"))
#set par(leading: 0.5em, spacing: 0.5em)
#show regex("/\\w+"): box
#let green = rgb("#35594b")
#let run(part) = if part.text == "\\n" { linebreak() } else {
  text(weight: if part.bold { 700 } else { 400 }, style: if part.italic { "italic" } else { "normal" }, part.text)
}
#let button(label) = block(width: 100%, fill: rgb("#5b7c6d"), radius: 3pt, inset: (x: 1pt, y: 4.5pt),
  align(center, text(fill: white, size: 7pt, label)))
#let message(one) = {
  block(width: 100%, radius: 5pt, fill: white, clip: true, below: 3pt, {
    if one.picture != "" { image("/" + one.picture, width: 100%) }
    block(inset: 6pt, above: 0pt, below: 0pt, for part in one.parts { run(part) })
  })
  for row in one.rows {
    block(above: 2.5pt, below: 2.5pt, grid(columns: row.map(_ => 1fr), column-gutter: 2.5pt, ..row.map(button)))
  }
}
#let screen(messages) = block(height: 504pt, width: 100%, radius: 9pt, clip: true, fill: rgb("#dfe7e1"), {
  block(width: 100%, height: 24pt, fill: green, inset: (x: 9pt), above: 0pt, below: 0pt,
    align(horizon, text(fill: white)[#text(weight: 700, size: 9pt)[Backstride] #h(3pt) bot]))
  block(height: 480pt, width: 100%, clip: true, inset: 5pt, above: 0pt,
    align(bottom, block(width: 100%, for one in messages { message(one) })))
})
#grid(columns: (1fr, 1fr, 1fr), column-gutter: 8pt, ..data.map(screen))
"""
"""A phone as a typst page; the newest message stands at the foot of each screen."""


def conversation() -> list[list[dict[str, Any]]]:
    """Plays a triage with the real bot and returns what stands on three screens."""
    engine = Engine(load())
    with tempfile.TemporaryDirectory() as folder, running() as api:
        bot = Bot(api, Path(folder))
        try:
            bot.start()
            api.wait_for(lambda: api.calls("getUpdates"), timeout=60)
            return [list(map(_message, calls)) for calls in _screens(Talk(bot, engine, 1))]
        finally:
            bot.end()


def _screens(talk: Talk) -> list[list[Request]]:
    """The first safety question with what stands above it, the result, and an exercise."""
    talk.begin()
    talk.go_on(RUNNER, until="Q02")
    first, *later = _sent(talk.api.requests)
    # What was answered stands as its answer only.
    question = [first, *(call for call in later if call.method == "editMessageText"), later[-1]]
    talk.go_on(RUNNER)
    plan = talk.wait("Your plan")
    name = next(each.name for each in talk.engine.content.library.exercises if each.id == SHOWN_FIRST)
    talk.press(plan, re.findall(rf"(\d)\. {name}", plan.text)[0])
    talk.find(lambda one: "More about it" in one.labels)
    calls = _sent(talk.api.requests)
    return [question, [call for call in calls if "Your result" in str(call.params.get("text"))], calls[-1:]]


def _sent(requests: list[Request]) -> list[Request]:
    return [call for call in requests if call.method in ("sendMessage", "sendAnimation", "editMessageText")]


def _message(call: Request) -> dict[str, Any]:
    html = str(call.params.get("text", call.params.get("caption")))
    rows = call.params.get("reply_markup", {}).get("inline_keyboard", [])
    picture = Path(call.params["animation"][0]).with_suffix(".jpg").name if "animation" in call.params else ""
    return {"picture": picture, "parts": _parts(html), "rows": [[each["text"] for each in row] for row in rows]}


def _parts(html: str) -> list[dict[str, Any]]:
    style, parts = {"b": False, "i": False}, []
    for piece in STYLED.split(html):
        if tag := re.fullmatch(r"<(/?)([bi])>", piece):
            style[tag[2]] = not tag[1]
        elif piece:
            parts.append({"text": unescape(piece), "bold": style["b"], "italic": style["i"]})
    return parts


def main() -> None:
    """Writes the picture anew."""
    draw = partial(typst.compile, SCREENS.encode(), root=str(FOLDER), font_paths=_fonts(), format="png", ppi=DOTS)
    png: Any = draw(sys_inputs={"data": json.dumps(conversation())})
    CONVERSATION.write_bytes(png)
    Image.open(CONVERSATION).convert("RGB").quantize(256, kmeans=1).save(CONVERSATION, optimize=True)


if __name__ == "__main__":
    main()
