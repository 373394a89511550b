#!/usr/bin/env python3
"""Verifies a Hemiola decision journal. Standard library only; docs/journal.md has the format.

    python3 journal_verify.py --hmac-key-file hmac.key decisions.jsonl
    python3 journal_verify.py --hmac-key-file desk-1=old.key --hmac-key-env desk-2=NEW_KEY logs/

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
import re
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


def is_signature(signature):
    members = {"algorithm", "key_id", "value"}
    return isinstance(signature, dict) and signature.keys() <= members and isinstance(signature.get("key_id", ""), str)


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


def record_of(raw):
    """The record in a line and its signature."""
    record = json.loads(raw.decode(), object_pairs_hook=once)
    signature = record.pop("signature", None)
    if not all(isinstance(value, str) for value in record.values()):
        raise ValueError("a value is no text")
    canonical(record)
    return record, signature


def read(paths):
    """All lines of all files. One that is no record has none, and why it has none instead of a signature."""
    lines = []
    for file in files_of(paths):
        number = 0
        try:
            with open(file, "rb") as start:
                packed = start.read(2) == b"\x1f\x8b"
            with gzip.open(file) if packed else open(file, "rb") as source:
                for number, raw in enumerate(source, 1):
                    if not raw.strip():
                        continue
                    try:
                        record, signature = record_of(raw)
                    except (ValueError, AttributeError, RecursionError) as error:
                        record, signature = None, f"this is no record: {error}"
                    seq = record.get("seq", "") if record else ""
                    seq = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 20 else -1
                    lines.append(Line(file, number, record, signature, seq, raw))
        except (OSError, EOFError, zlib.error) as error:
            raise Finding(f"{file}:{number}", "unreadable", error) from None
    return lines


class Checkpoints:
    """What files of checkpoints say, by the number of records, and the first thing that is wrong with the files."""

    def __init__(self, files):
        self.heads, self.most, self.read, self.wrong = {}, (0, None), 0, None
        for file in files:
            last = 0
            with open(file, "rb") as lines:
                for number, raw in enumerate(lines, 1):
                    if raw.strip():
                        last = self.add(f"{file}:{number}", raw, last)

    def add(self, place, raw, last):
        """The number of records that it knows of, or `last`, that of the one before it, if it does not count."""
        self.read += 1
        try:
            checkpoint = json.loads(raw, object_pairs_hook=once)
            count, head = int(checkpoint["count"]), checkpoint["head"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            name = "edited" if raw.endswith(b"\n") else "torn"
            self.wrong = self.wrong or Finding(place, name, f"this is no checkpoint: {error}")
            return last
        if count < last:
            self.wrong = self.wrong or Finding(place, "reordered", "this checkpoint stands behind a later one")
            return last
        self.heads.setdefault(count, []).append((place, head))
        self.most = max(self.most, (count, place), key=lambda most: most[0])
        return count


class Verifier:
    def __init__(self, keys, allow_unsigned, expected, run_id, checkpoints):
        self.keys, self.allow_unsigned, self.expected, self.run_id = keys, allow_unsigned, expected, run_id
        self.algorithm, self.key_id, self.key = "none", None, None
        self.start, self.next, self.code = 0, 0, ""
        self.closed, self.goes_on, self.checkpoints = False, None, checkpoints

    def key_of(self, line, key_id):
        if self.expected and key_id not in self.expected:
            raise Finding(line, "unknown_key", f"signed by {key_id}, not by {' or '.join(self.expected)}")
        key = self.keys.get(key_id, self.keys.get(None))
        if key is None:
            raise Finding(line, "unknown_key", f"signed by {key_id}, which is not among the keys given")
        return key

    def begin(self, lines, places):
        first = lines[0]
        is_later = first.record.get("event") == "journal_continued" and 0 not in places
        if first.seq > 0 and 0 not in places and not is_later:
            raise Finding(first, "deleted", f"the first record is {first.seq}: those before it are not here")
        is_demo = first.record.get("algorithm") == "none" and first.record.get("demo") == "true"
        if not first.signature and is_demo and self.allow_unsigned and not self.keys and not self.expected:
            return
        if not first.signature:
            raise Finding(first, "unsigned", "it has no signature, and only a demo may be without")
        if not is_signature(first.signature):
            raise Finding(first, "edited", "its signature is none")
        if is_later:  # A later file by itself cannot tell what was before, nor which algorithm was announced.
            self.start, self.code = first.seq, first.record.get("prev")
            self.next = self.start
        if not is_later:  # Something may have been put before it.
            zeros = (line for line in lines if line.seq == 0 and is_signature(line.signature))
            first = next((line for line in zeros if line.record.get("event") == "journal_opened"), first)
        self.algorithm = first.signature.get("algorithm") if is_later else first.record.get("algorithm")
        self.key_id = first.record.get("key_id")
        if self.algorithm not in HASHES:
            raise Finding(first, "downgraded" if is_later else "edited", f"signed, but not by `{self.algorithm}`")
        if first.signature.get("key_id") != self.key_id:
            raise Finding(first, "edited", "the record and its signature name different keys")
        self.key = self.key_of(first, self.key_id)
        if first.signature.get("algorithm") == self.algorithm and not any(self.fits(line) for line in lines):
            raise Finding(first, "unknown_key", "no record at all is signed by the key given")

    def fits(self, line):
        """Whether the record is signed by the key of this place."""
        if line.record is None or not is_signature(line.signature):
            return False
        if not self.key_id == line.record.get("key_id") == line.signature.get("key_id"):
            return False
        return same(code_of(line.record, self.key, self.algorithm), line.signature.get("value"))

    def is_ours(self, line):
        """Whether the record is signed by the key that it names, wherever it belongs."""
        if self.key is None or line.record is None or not is_signature(line.signature):
            return self.key is None and line.record is not None
        key_id, algorithm = line.record.get("key_id"), str(line.signature.get("algorithm"))
        key = self.keys.get(key_id, self.keys.get(None))
        if not key or algorithm not in HASHES or line.signature.get("key_id") != key_id:
            return False
        return same(code_of(line.record, key, algorithm), line.signature.get("value"))

    def continues(self, line):
        return line.seq == self.next and line.record.get("prev") == self.code  # What is no record has no number.

    def name_of(self, line, later):
        """What a line is that is no good record: whether its place is free shows at the next good one."""
        good = next((other for other in later if other.seq >= self.next and self.is_ours(other)), None)
        has_room = good.seq > self.next if good else not self.closed
        is_torn = not line.raw.endswith(b"\n") and (not has_room or line.record is None and not later)
        return "torn" if is_torn else "edited" if has_room else "inserted"

    def check_signature(self, lines, index):
        line, signature = lines[index], lines[index].signature
        if line.record is None:
            raise Finding(line, self.name_of(line, lines[index + 1 :]), signature)
        if self.key is None and signature:
            raise Finding(line, "unknown_key", "a signed record in a journal without a key")
        if self.key is None:
            return
        if not signature:
            raise Finding(line, "unsigned", "the signature was taken away")
        if not is_signature(signature):
            raise Finding(line, self.name_of(line, lines[index + 1 :]), "its signature is none")
        if not self.key:
            self.key = self.key_of(line, self.key_id)
        if line.seq != self.next and not self.fits(line) and self.is_ours(line):
            return  # Of the other side of a rotation: its place will tell.
        opens = line.record.get("event") == "journal_opened"
        if opens and line.record.get("key_id") == self.key_id and line.record.get("algorithm") in HASHES:
            self.algorithm = line.record["algorithm"]  # Every session announces its own.
        if signature.get("algorithm") != self.algorithm:
            by = signature.get("algorithm")
            raise Finding(line, "downgraded", f"signed by {by}, while the journal is signed by {self.algorithm}")
        if not self.fits(line):
            key_id = signature.get("key_id")
            if key_id != self.key_id and (self.is_ours(line) or self.key_of(line, key_id) is None):
                raise Finding(line, "unknown_key", f"signed by {key_id}, and {self.key_id} signs here")
            raise Finding(line, self.name_of(line, lines[index + 1 :]), "the signature does not fit the record")

    def check_place(self, lines, index, places):
        """Numbers and links; only called when the record's own signature fits."""
        line, expected = lines[index], self.next
        if self.continues(line):
            return
        later = lines[index + 1 :]
        if line.seq == expected and self.key is None:
            raise Finding(lines[max(index - 1, 0)], "edited", "the record after it links to something else")
        if line.seq == expected:
            raise Finding(line, "forked", "it links to another record than the one before it: part of another history")
        if places[line.seq] > 1:
            copied = sum(line.raw == other.raw for other in lines) > 1
            alone = self.continues(later[0]) if later else self.closed
            name = "inserted" if copied or alone or self.key is None else "forked"
            raise Finding(line, name, f"there is another record with its number {line.seq}")
        if line.seq > expected and expected in places:
            if later and later[0].seq > line.seq:  # The chain goes on here: those before it have moved.
                line = next(other for other in later if other.seq == expected)
            raise Finding(line, "reordered", f"record {line.seq} does not belong here")
        if line.seq > expected:
            raise Finding(line, "deleted", f"record {line.seq} follows {expected - 1}: {line.seq - expected} missing")
        raise Finding(line, "edited", f"its number is {line.record.get('seq')}")

    def follow(self, line):
        """What the journal says of itself."""
        record, event = line.record, line.record.get("event")
        if self.closed and event != "journal_opened":
            raise Finding(line, "inserted", "only a new session may follow a closing record")
        if self.next == self.start and self.run_id not in (None, record.get("run_id")):
            raise Finding(line, "forked", f"it opens run {record.get('run_id')}, and {self.run_id} was expected")
        self.closed = event == "journal_closed"
        self.goes_on = record.get("next_file") if event == "journal_rotated" else None
        if self.closed and record.get("records") != str(line.seq + 1):
            raise Finding(line, "edited", f"it closes {record.get('records')} records and not {line.seq + 1}")
        if self.key is None:
            self.code = base64.b64encode(hashlib.sha256(canonical(record)).digest()).decode()
        else:
            self.code = line.signature["value"]
        self.next += 1
        if event == "key_rotated" and self.key is not None:
            self.rotate(line)

    def rotate(self, line):
        record = dict(line.record)
        new_id, algorithm = record.get("new_key_id"), record.get("new_algorithm")
        code = record.pop("new_key_mac", None)
        if algorithm not in HASHES:
            raise Finding(line, "unknown_key", f"the new key signs by {algorithm}")
        # Without the new key the next record says what is missing.
        self.algorithm, self.key_id = algorithm, new_id or None
        self.key = self.keys.get(new_id, self.keys.get(None, b""))
        if self.key and not same(code_of(record, self.key, algorithm), code):
            raise Finding(line, "unknown_key", f"the key given for {new_id} did not sign the rotation to it")

    def verify(self, lines):
        places = Counter(line.seq for line in lines)
        if lines and lines[0].record is not None:
            self.begin(lines, places)
            self.compare(lines[0])
        for index, line in enumerate(lines):
            self.check_signature(lines, index)
            self.check_place(lines, index, places)
            self.follow(line)
            self.compare(line)

    def compare(self, line):
        """What checkpoints know of the records so far."""
        for place, head in self.checkpoints.heads.get(self.next, []) if self.checkpoints else []:
            if head != self.code:
                raise Finding(line, "forked", f"{place} says that another record was here")

    def finish(self, end, allow_open):
        if self.checkpoints:
            most, place = self.checkpoints.most
            if most > self.next and not (self.goes_on and allow_open):
                raise Finding(end, "truncated", f"{place} knows of {most} records, and there are {self.next}")
            if not self.checkpoints.read and not allow_open:
                raise Finding(end, "truncated", "there is no checkpoint at all in what --checkpoints names")
        if not self.closed and not allow_open:
            where = f": it goes on in {self.goes_on}" if self.goes_on else ""
            raise Finding(end, "not_closed", f"the journal does not end with journal_closed{where}")
        if self.checkpoints and self.checkpoints.wrong:
            raise self.checkpoints.wrong


def keys_of(arguments):
    def named(text):
        found = re.fullmatch(r"([A-Za-z0-9._-]{1,64})=(.*)", text)
        return found.groups() if found else (None, text)

    keys = {}
    for name, path in map(named, arguments.hmac_key_file):
        with open(path, "rb") as file:
            keys[name] = file.read().strip(b" \t\n\x0c\r")
    for name, variable in map(named, arguments.hmac_key_env):
        keys[name] = os.environb.get(variable.encode(), b"")
    if not all(keys.values()):
        raise Unusable("a key is empty or not set")
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--hmac-key-file", action="append", default=[], metavar="[ID=]FILE")
    parser.add_argument("--hmac-key-env", action="append", default=[], metavar="[ID=]VARIABLE")
    parser.add_argument("--expected-key-id", action="append", default=[], metavar="ID", help="a key that may sign")
    parser.add_argument("--expected-run-id", metavar="ID", help="the run that the first record has to name")
    parser.add_argument("--allow-unsigned", action="store_true", help="take a demo that never had a key")
    parser.add_argument("--allow-open", action="store_true", help="take a journal that nothing closes yet")
    parser.add_argument("--checkpoints", action="append", default=[], metavar="FILE")
    arguments = parser.parse_args()
    checkpoints = Checkpoints(arguments.checkpoints) if arguments.checkpoints else None
    expected = arguments.expected_key_id, arguments.expected_run_id
    verifier = Verifier(keys_of(arguments), arguments.allow_unsigned, *expected, checkpoints)
    try:
        lines = read(arguments.paths)
        verifier.verify(lines)
        verifier.finish(lines[-1] if lines else arguments.paths[0], arguments.allow_open)
    except Finding as finding:
        print(finding)
        return 1
    signed = "unsigned" if verifier.key is None else f"{verifier.algorithm}, key {verifier.key_id or 'without a name'}"
    part = f" from {verifier.start} on" if verifier.start else ""
    ends = f"goes on in {verifier.goes_on}" if verifier.goes_on else "closed" if verifier.closed else "not closed"
    print(f"{len(lines)} records{part} in order, {ends} ({signed})")
    if checkpoints:
        print("the checkpoints agree; their Ed25519 signatures were not checked")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Unusable, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
