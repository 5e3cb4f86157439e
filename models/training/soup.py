"""Average the weights of trainings that share a beginning (model soups, Wortsman et al. 2022).

    python -m models.training.soup CHECKPOINT CHECKPOINT --out DIR

Where one training went on from the other, the average stands between the two: here it keeps what the first
knows and most of what the second was for.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from models.errors import ModelError
from models.training.checkpoint import load_checkpoint, save_checkpoint


def average_checkpoints(
    first: Path, second: Path, out: Path, *, share: float = 0.5, keep_ranges: bool = True
) -> None:
    """Write the mean of two checkpoints' weights and activation ranges; the rest comes from the first.

    `share` is the first one's weight. Without `keep_ranges` the export measures ranges anew. Raises
    ModelError when their networks differ in form, vocabulary or topics.
    """
    network, tokenizer, training = load_checkpoint(first)
    other, other_tokenizer, other_training = load_checkpoint(second)
    ours, theirs = network.state_dict(), other.state_dict()
    alike = ours.keys() == theirs.keys() and all(ours[name].shape == theirs[name].shape for name in ours)
    same_classes = training.get("topics") == other_training.get("topics")
    if not alike or not same_classes or tokenizer.get_vocab() != other_tokenizer.get_vocab():
        raise ModelError(f"{first} and {second} differ in layers, vocabulary or topics: they have no average")
    mean = {
        # What no training moved stays as it is to the last bit: word vectors may be kept in 4 bits.
        name: tensor if tensor.equal(theirs[name]) else torch.lerp(theirs[name], tensor, share)
        for name, tensor in ours.items()
    }
    network.load_state_dict(mean)
    ranges, others = (each.get("activation_ranges") or {} for each in (training, other_training))
    middle = {
        name: [share * a + (1 - share) * b for a, b in zip(limits, others[name], strict=True)]
        for name, limits in ranges.items()
        if keep_ranges and name in others
    }
    parts = [training["recipe"], other_training["recipe"]]
    save_checkpoint(
        out,
        network,
        tokenizer,
        {**training, "activation_ranges": middle, "average_of": parts, "shares": [share, 1 - share]},
    )


def main() -> int:
    """Read the command line and average."""
    parser = argparse.ArgumentParser(prog="python -m models.training.soup", description=__doc__)
    parser.add_argument("checkpoints", nargs=2, type=Path, metavar="CHECKPOINT")
    parser.add_argument("--out", type=Path, required=True, help="folder for the averaged checkpoint")
    parser.add_argument("--share", type=float, default=0.5, help="weight of the first, 0 to 1 (0.5)")
    parser.add_argument(
        "--measure-ranges", action="store_true", help="let the export measure int8 ranges, not average them"
    )
    arguments = parser.parse_args()
    try:
        first, second = arguments.checkpoints
        average_checkpoints(
            first, second, arguments.out, share=arguments.share, keep_ranges=not arguments.measure_ranges
        )
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
