"""`python -m benchmarks.intervals [SAMPLES]`: how often 95 % intervals hold, how wide they are."""

from __future__ import annotations

import sys

from benchmarks.intervals.simulate import Held, judged, plain

BAR = 0.945


def _cell(held: Held) -> str:
    return f"{held.share:.4f} {held.width:.4f}"


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(f"The estimate's interval (Blaker), {samples:,} samples each:")
    print("     n      π   holds   width   Clopper-Pearson")
    rows = list(plain(samples))
    for row in rows:
        theirs = f"{row.clopper_pearson.share:.4f}  {row.clopper_pearson.width:.4f}"
        print(
            f"{row.n:6}  {row.truth:.3f}  {row.blaker.share:.4f}  {row.blaker.width:.4f}  {theirs}"
        )
    print(f"at worst {min(row.blaker.share for row in rows):.4f}; ", end="")
    print(f"never wider by more than {max(row.widest for row in rows):.1e}")
    print(f"\nA judge corrected by humans, {samples // 5:,} samples each, holds and width:")
    print(
        "judged  human     π  judge       ours           Bonferroni     PPI++          humans alone"
    )
    table = []
    for line in judged(samples // 5):
        table.append(line)
        held = "  ".join(map(_cell, (line.ours, line.bonferroni, line.ppi, line.alone)))
        print(
            f"{line.judged:6} {line.human:6}  {line.truth:.2f}  {line.judge:8}  {held}", flush=True
        )
    for name in ("ours", "bonferroni", "ppi", "alone"):
        held_at: list[Held] = [getattr(line, name) for line in table]
        good = [line for line in table if line.judge == "good" and line.truth >= 0.1]
        width = sum(getattr(line, name).width / line.alone.width for line in good) / len(good)
        least = min(held.share for held in held_at)
        under = sum(held.share < BAR for held in held_at)
        print(
            f"{name:10} at worst {least:.3f}, below {BAR} in {under} of {len(table)} cells; "
            f"with a good judge and π of 0.1 and more {width:.2f} of the width of humans alone"
        )


if __name__ == "__main__":
    main()
