#!/usr/bin/env python3
"""Verifies a Hemiola decision journal. Standard library only; docs/journal.md has the format.

    python3 journal_verify.py --key-file hmac.key decisions.jsonl
    python3 journal_verify.py --key-file desk-1=old.key --key-env desk-2=NEW_KEY --checkpoints checkpoints.jsonl logs/

Paths are files (.jsonl, .jsonl.gz) or folders of them, read by name as one chain. Ends with 0 when everything is in
order, with 1 and `FILE:LINE: what` at the first finding, with 2 when it was called wrongly. What `--checkpoints` names
is compared with the journal, but the Ed25519 signatures in it are not checked: the standard library has no Ed25519.
"""

import argparse
import base64
import gzip
import hashlib
import hmac
import json
import os
import sys
import zlib
from collections import Counter, namedtuple

HASHES = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA384": hashlib.sha384}
Line = namedtuple("Line", "file number record signature seq raw")


class Unusable(Exception):
    """It was called wrongly."""


class Finding(Exception):
    def __init__(self, line, name, what):
        place = f"{line.file}:{line.number}" if isinstance(line, Line) else line
        super().__init__(f"{place}: {name}: {what}")


def canonical(record):
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def code_of(record, key, algorithm):
    digest = hmac.new(key, canonical(record), HASHES[algorithm]).digest()
    return base64.b64encode(digest).decode()


def same(one, other):
    return hmac.compare_digest(str(one).encode(errors="replace"), str(other).encode(errors="replace"))


def once(pairs):
    """A key that is there twice would be read in two ways."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def files_of(paths):
    for path in paths:
        names = [path]
        if os.path.isdir(path):
            ends = (".jsonl", ".jsonl.gz", ".jsonl.zst")
            names = [os.path.join(path, name) for name in sorted(os.listdir(path)) if name.endswith(ends)]
        for name in names:
            if name.endswith(".zst"):
                raise Unusable(f"{name}: the standard library has no Zstandard: unpack it first")
            yield name


def read(paths):
    """All lines of all files; the last one may be torn."""
    lines, torn = [], None
    for file in files_of(paths):
        number = 0
        try:
            with open(file, "rb") as start:
                packed = start.read(2) == b"\x1f\x8b"
            with gzip.open(file) if packed else open(file, "rb") as source:
                for number, raw in enumerate(source, 1):
                    if not raw.strip():
                        continue
                    if torn:
                        raise Finding(*torn)
                    if not raw.endswith(b"\n"):
                        torn = (f"{file}:{number}", "torn", "the file ends inside this record")
                        continue
                    try:
                        record = json.loads(raw.decode(), object_pairs_hook=once)
                        signature = record.pop("signature", None)
                        canonical(record)
                        seq = record.get("seq", "")
                        seq = int(seq) if seq.isascii() and seq.isdigit() else -1
                    except (ValueError, AttributeError, RecursionError) as error:
                        raise Finding(f"{file}:{number}", "edited", f"this is no record: {error}") from None
                    lines.append(Line(file, number, record, signature, seq, raw))
        except (OSError, EOFError, zlib.error) as error:
            raise Finding(f"{file}:{number}", "unreadable", error) from None
    return lines, torn


class Verifier:
    def __init__(self, keys, allow_unsigned, expected):
        self.keys, self.allow_unsigned, self.expected = keys, allow_unsigned, expected
        self.codes, self.runs, self.code, self.closed = [], [], "", False
        self.algorithm, self.key_id, self.key = "none", None, None

    def key_of(self, line, key_id):
        if self.expected is not None and key_id != self.expected:
            raise Finding(line, "unknown key", f"signed by {key_id}, not by {self.expected}")
        key = self.keys.get(key_id, self.keys.get(None))
        if key is None:
            raise Finding(line, "unknown key", f"signed by {key_id}, which is not among the keys given")
        return key

    def begin(self, lines):
        first = lines[0]
        if first.seq > 0:
            raise Finding(first, "deleted", f"the first record has the number {first.seq}: those before it are not here")
        self.algorithm = first.record.get("algorithm", "none")
        if self.algorithm == "none" and first.signature is None:
            if self.keys or not self.allow_unsigned:
                raise Finding(first, "unsigned", "this journal was never signed")
            return
        if first.signature is None:
            raise Finding(first, "unsigned", f"the signature by {self.algorithm} was taken away")
        self.key_id = first.record.get("key_id")
        if self.algorithm not in HASHES or not isinstance(first.signature, dict):
            raise Finding(first, "edited", f"signed, but not by `{self.algorithm}`")
        if first.signature.get("key_id") != self.key_id:
            raise Finding(first, "edited", "the record and its signature name different keys")
        self.key = self.key_of(first, self.key_id)
        if len(lines) > 1 and first.signature.get("algorithm") == self.algorithm and not any(self.fits(line) for line in lines):
            raise Finding(first, "unknown key", "no record at all is signed by the key given")

    def fits(self, line):
        """Whether the record is signed by the key of this place."""
        signature = line.signature if isinstance(line.signature, dict) else {}
        ids = {self.key_id, line.record.get("key_id"), signature.get("key_id")}
        return len(ids) == 1 and same(code_of(line.record, self.key, self.algorithm), signature.get("value"))

    def is_ours(self, line):
        """Whether the record is signed by the key that it names, wherever it belongs."""
        signature = line.signature if isinstance(line.signature, dict) else {}
        key, algorithm = self.keys.get(signature.get("key_id"), self.keys.get(None)), signature.get("algorithm")
        return key is not None and algorithm in HASHES and same(code_of(line.record, key, algorithm), signature.get("value"))

    def continues(self, line):
        return line.seq == len(self.codes) and line.record.get("prev") == self.code

    def check_signature(self, line, following):
        signature = line.signature if isinstance(line.signature, dict) else {}
        if line.seq != len(self.codes) and not self.fits(line) and self.is_ours(line):
            return  # Of the other side of a rotation: its place will tell.
        ends = self.closed and line.record.get("event") != "journal_opened"
        extra = ends or following is not None and self.continues(following)
        if line.signature is None:
            raise Finding(line, "unsigned", "the signature was taken away")
        if signature.get("algorithm") != self.algorithm:
            by = signature.get("algorithm")
            raise Finding(line, "unsigned", f"signed by {by}, while the journal is signed by {self.algorithm}")
        if not self.fits(line):
            key_id = line.record.get("key_id")
            if key_id == signature.get("key_id") and key_id != self.key_id:
                raise Finding(line, "unknown key", f"signed by {key_id}, while the journal goes on with {self.key_id}")
            name = "inserted" if extra else "edited"
            raise Finding(line, name, "the signature does not fit the record")

    def check_place(self, line, before, lines, places):
        """Numbers and links; only called when the record's own signature fits."""
        if self.continues(line):
            return
        expected = len(self.codes)
        if line.seq == expected and self.key is None:
            raise Finding(before or line, "edited", "the record after it links to something else")
        if line.seq == expected:
            raise Finding(line, "forked", "it links to another record than the one before it: part of another history")
        if places[line.seq] > 1:
            copied = sum(line.raw == other.raw for other in lines) > 1
            name = "inserted" if copied or self.key is None else "forked"
            raise Finding(line, name, f"there is another record with its number {line.seq}")
        if line.seq > expected and expected in places:
            raise Finding(line, "reordered", f"record {line.seq} is here instead of {expected}, which comes later")
        if line.seq > expected:
            raise Finding(line, "deleted", f"record {line.seq} stands where {expected} should: {line.seq - expected} missing")
        raise Finding(line, "edited", f"its number is {line.record.get('seq')}")

    def follow(self, line):
        """What the journal says of itself."""
        record, event = line.record, line.record.get("event")
        if self.closed and event != "journal_opened":
            raise Finding(line, "inserted", "only a new session may follow a closing record")
        if not self.codes and event != "journal_opened":
            raise Finding(line, "deleted", "a journal begins with journal_opened")
        if event == "journal_opened" and record.get("algorithm") != self.algorithm:
            raise Finding(line, "unsigned", f"a session by {record.get('algorithm')} after one by {self.algorithm}")
        self.closed = event == "journal_closed"
        if self.closed and record.get("records") != str(line.seq + 1):
            raise Finding(line, "edited", f"it closes {record.get('records')} records and not {line.seq + 1}")
        self.runs.append(record["run_id"] if event == "journal_opened" and "run_id" in record else (self.runs or [""])[-1])
        if self.key is None:
            self.code = base64.b64encode(hashlib.sha256(canonical(record)).digest()).decode()
        else:
            self.code = line.signature["value"]
        self.codes.append(self.code)
        if event == "key_rotated" and self.key is not None:
            self.rotate(line)

    def rotate(self, line):
        record = dict(line.record)
        new_id, algorithm = record.get("new_key_id"), record.get("new_algorithm")
        code = record.pop("new_key_mac", None)
        if algorithm not in HASHES:
            raise Finding(line, "unsigned", f"the new key signs by {algorithm}")
        self.expected = None if self.expected is None else new_id
        key = self.key_of(line, new_id)
        if not same(code_of(record, key, algorithm), code):
            raise Finding(line, "unknown key", f"the key given for {new_id} did not sign the rotation to it")
        self.algorithm, self.key_id, self.key = algorithm, new_id, key

    def verify(self, lines, torn):
        places = Counter(line.seq for line in lines)
        if lines:
            self.begin(lines)
        for index, line in enumerate(lines):
            following = lines[index + 1] if index + 1 < len(lines) else None
            if self.key is not None:
                self.check_signature(line, following)
            elif line.signature is not None:
                raise Finding(line, "inserted", "a signed record in an unsigned journal")
            self.check_place(line, lines[index - 1] if index else None, lines, places)
            self.follow(line)
        if torn:
            raise Finding(*torn)

    def check_checkpoints(self, file):
        with open(file, encoding="utf-8") as lines:
            for number, text in enumerate(lines, 1):
                if not text.strip():
                    continue
                place = f"{file}:{number}"
                try:
                    checkpoint = json.loads(text, object_pairs_hook=once)
                    count, head, run = int(checkpoint["count"]), checkpoint["head"], checkpoint["run"]
                except (ValueError, KeyError, TypeError) as error:
                    raise Finding(place, "edited", f"this is no checkpoint: {error}") from None
                if count > len(self.codes):
                    raise Finding(place, "truncated", f"there were {count} records, and there are {len(self.codes)}")
                if count and (head != self.codes[count - 1] or run != self.runs[count - 1]):
                    raise Finding(place, "forked", f"record {count - 1} was another one when this was signed")


def keys_of(arguments):
    keys = {}
    for text in arguments.key_file:
        name, _, path = text.rpartition("=")
        with open(path, "rb") as file:
            keys[name or None] = file.read().strip()
    for text in arguments.key_env:
        name, _, variable = text.rpartition("=")
        keys[name or None] = os.environb.get(variable.encode(), b"")
    if not all(keys.values()):
        raise Unusable("a key is empty or not set")
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--key-file", action="append", default=[], metavar="[ID=]FILE")
    parser.add_argument("--key-env", action="append", default=[], metavar="[ID=]VARIABLE")
    parser.add_argument("--expected-key-id", metavar="ID", help="the key that the journal begins with")
    parser.add_argument("--allow-unsigned", action="store_true", help="take a journal that never had a key")
    parser.add_argument("--checkpoints", metavar="FILE")
    arguments = parser.parse_args()
    verifier = Verifier(keys_of(arguments), arguments.allow_unsigned, arguments.expected_key_id)
    try:
        lines, torn = read(arguments.paths)
        verifier.verify(lines, torn)
        if arguments.checkpoints:
            verifier.check_checkpoints(arguments.checkpoints)
        if not verifier.closed:
            last = lines[-1] if lines else arguments.paths[0]
            raise Finding(last, "not closed", "the journal does not end with journal_closed")
    except Finding as finding:
        print(finding)
        return 1
    signed = "unsigned" if verifier.key is None else f"{verifier.algorithm}, key {verifier.key_id or 'without a name'}"
    print(f"{len(lines)} records in order and closed ({signed})")
    if arguments.checkpoints:
        print("the checkpoints agree; their Ed25519 signatures were not checked")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Unusable, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
