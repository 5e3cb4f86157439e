"""Faults of single documents as findings: each looked up in `documents`, so that it can be named."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.records import Document
from pipeline.topics import END_HEADER, TopicName
from pipeline.validate import Invalid, decode
from pipeline.verify.accounts import Suspect
from pipeline.verify.documents import DocumentFault, compare_documents
from pipeline.verify.log import TopicLogs
from pipeline.verify.report import SHOWN, Cited, Finding, stamp
from pipeline.verify.topics import Gathered

_LOOKED_UP = 200
"""Offsets without a trace that are looked up in `documents`, by partition."""
_PLACES: dict[str, TopicName] = {
    "unscored": "scored",
    "changed": "scored",
    "unrejected": "rejected",
    "unrefused": "rejected",
}
_SAYS = {
    "uncovered": "was acknowledged and no tally accounts for it: it is lost",
    "uncounted": "lies in the range of a tally that neither counts nor rejects it: it is lost",
    "dropped": "came in a tally after another had claimed its offset without a row: nobody counted it",
    "unscored": "is counted, but `scored` has no record of it",
    "changed": "is counted with other values than its record in `scored` has",
    "recounted": "is told of by two tallies that contradict each other",
    "unrejected": "is counted as rejected, but `rejected` has no record of it",
    "unrefused": "is in `rejected`, but no tally counts it as rejected",
}


def of_documents(gathered: Gathered, logs: TopicLogs) -> Iterator[Finding]:
    """What is wrong with single documents: lost, changed, or not in the store."""
    topic = logs.name("documents")
    for partition, account in gathered.accounts.items():
        begin = gathered.spans["documents"].get(partition, (0, 0))[0]
        suspects = account.suspects(
            gathered.firsts[partition], gathered.acknowledged.get((topic, partition)), begin
        )
        for number, suspect in enumerate(suspects):
            there, document = _look_up(logs, gathered, suspect) if number < _LOOKED_UP else (True, None)
            if not there:
                continue
            yield _document_finding(logs, suspect, document)
    if gathered.kept is not None:
        bounds = {
            partition: offset
            for (name, partition), offset in gathered.acknowledged.items()
            if name == logs.name("scored")
        }
        faults = compare_documents(gathered.scored, gathered.kept.documents, bounds, gathered.firsts)
        for number, fault in enumerate(faults):
            yield _stored_finding(logs, fault, look=number < SHOWN)


def _document_finding(logs: TopicLogs, suspect: Suspect, document: Document | None) -> Finding:
    name = logs.name(_PLACES.get(suspect.fault, "tallies"))
    role = "lost" if suspect.fault in ("uncovered", "uncounted", "dropped") else suspect.fault
    minute = suspect.minute
    if minute is None and document is not None:
        minute = int(document.published_at.timestamp()) // 60
    return Finding(
        place=f"topic {name}",
        kind="different" if suspect.fault in ("changed", "recounted") else "missing",
        minute=stamp(minute) if minute is not None else None,
        documents=(_cite_raw(suspect.partition, suspect.offset, document, role),),
        says=f"document {_name(document)}at {suspect.partition}:{suspect.offset} {_SAYS[suspect.fault]}",
    )


def _stored_finding(logs: TopicLogs, fault: DocumentFault, *, look: bool) -> Finding:
    document = _read(logs, fault.partition, fault.offset)[1] if look else None
    says = {
        "missing": "was scored and is not in the store",
        "different": "is in the store with other values, or as a later copy",
        "unexpected": "is in the store, and no record of `scored` leads to it",
    }[fault.fault]
    return Finding(
        place="store, table document",
        kind=fault.fault,
        minute=stamp(fault.minute),
        documents=(_cite_raw(fault.partition, fault.offset, document, fault.fault),),
        says=f"document {_name(document)}at {fault.partition}:{fault.offset} {says}",
    )


def _look_up(logs: TopicLogs, gathered: Gathered, suspect: Suspect) -> tuple[bool, Document | None]:
    """Whether a suspect is one, and the document: an offset may hold no record, or a replay's end."""
    begin, end = gathered.spans["documents"].get(suspect.partition, (0, 0))
    if not begin <= suspect.offset < end:
        return suspect.fault not in ("uncovered", "uncounted"), None
    there, document = _read(logs, suspect.partition, suspect.offset)
    return there or suspect.fault not in ("uncovered", "uncounted"), document


def _read(logs: TopicLogs, partition: int, offset: int) -> tuple[bool, Document | None]:
    begin, end = logs.spans("documents").get(partition, (0, 0))
    record = logs.at("documents", partition, offset) if begin <= offset < end else None
    if record is None or END_HEADER in dict(record.headers or ()):
        return False, None
    try:
        return True, decode(record.value or b"", now=None, future_tolerance=0)
    except Invalid:
        return True, None


def _name(document: Document | None) -> str:
    return f"{document.id!r} " if document is not None else ""


def _cite_raw(partition: int, offset: int, document: Document | None, role: str) -> Cited:
    if document is None:
        return Cited(role=role, partition=partition, offset=offset)
    return Cited(
        role=role,
        partition=partition,
        offset=offset,
        id=document.id,
        published_at=document.published_at,
        title=(document.title or document.body)[:120],
    )
