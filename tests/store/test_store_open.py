from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, select, text

from pipeline.errors import UsageError
from pipeline.settings import StoreSettings
from pipeline.store import Store, StoreUnavailable
from pipeline.store.engine import parse_url, shown
from pipeline.store.migrate import VERSION_TABLE
from pipeline.store.schema import alert_event, metadata
from tests.records import START, document
from tests.records import alert_event as event
from tests.servers import Server, free_port, new_database


def test_migrations_build_the_schema_that_the_code_uses(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []


def test_opening_again_keeps_what_is_there(url: str) -> None:
    with Store.open(url) as store:
        store.write_documents([document()])
    with Store.open(url) as store:
        assert store.documents("live") == [document()]


def test_openers_at_once_in_one_process(url: str) -> None:
    together = threading.Barrier(4)

    def open_and_write(n: int) -> None:
        together.wait()
        with Store.open(url) as store:
            store.write_documents([document(id=str(n), offset=n)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_and_write, range(4)))
    with Store.open(url) as store:
        assert store.counts("live").documents == 4


OPENER = """
import sys
from pipeline.store import Store
print(flush=True)
sys.stdin.read(1)
Store.open(sys.argv[1]).close()
"""


def test_openers_at_once_in_several_processes(url: str) -> None:
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen([sys.executable, "-c", OPENER, url], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(3)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60)[1] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said
    with Store.open(url) as store:
        assert store.runs() == []


def test_writers_at_once_lose_nothing_and_do_not_deadlock(store: Store) -> None:
    def write(n: int) -> None:
        batch = [document(id=str(i), offset=i) for i in range(50)]
        store.write_documents(batch if n % 2 else batch[::-1])
        store.write_documents([document(id=f"{n}-{i}", offset=1000 * n + i) for i in range(50)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    assert store.counts("live").documents == 50 + 8 * 50


def test_a_database_of_a_newer_tocsin_is_refused(url: str) -> None:
    with Store.open(url) as store, store.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(UsageError, match=r"schema 9999, which is newer.*Upgrade tocsin.*store\.url"):
        Store.open(url)


def test_the_journal_is_stamped_by_the_clock_it_is_given(url: str) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with Store.open(url, now=lambda: noon) as store:
        store.write_alerts([event()])
        with store.reading() as connection:
            assert connection.scalars(select(alert_event.c.recorded_at)).all() == [noon]


def test_sqlite_moments_are_text_that_sorts_and_that_grafana_compares(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Store.open(f"sqlite:///{path}") as store:
        store.write_documents([document(published_at=START.replace(microsecond=123_999))])
    connection = sqlite3.connect(path)
    query = "SELECT published_at, strftime('%s', published_at) FROM document WHERE published_at >= ?"
    assert connection.execute(query, ["2008-09-15T04:30:00.123Z"]).fetchall() == [
        ("2008-09-15T04:30:00.123Z", str(int(START.timestamp())))
    ]
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_postgresql_moments_are_moments(postgres: Server) -> None:
    url = new_database(postgres)
    with Store.open(url) as store:
        store.write_documents([document()])
    engine = create_engine(url)
    with engine.connect() as connection:
        query = "SELECT pg_typeof(published_at)::text, extract(epoch FROM published_at)::bigint FROM document"
        assert connection.execute(text(query)).one() == ("timestamp with time zone", int(START.timestamp()))
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense://:s3cret@", "sqlite:///FOLDER/FILE.db"),
        ("s3cret", "not a database URL"),
        ("mysql://user:s3cret@host/name", "mysql, which Tocsin does not speak"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_wrong_url_is_refused_without_its_secrets(url: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        Store.open(url)
    assert says in str(refused.value)
    assert "store.url" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_an_unreachable_server_is_told_without_the_password() -> None:
    port = free_port()
    with pytest.raises(StoreUnavailable) as failure:
        Store.open(f"postgresql://tocsin:s3cret@127.0.0.1:{port}/x?sslpassword=s3cret")
    assert f"postgresql+psycopg://tocsin:***@127.0.0.1:{port}/x is not" in str(failure.value)
    assert "store.url" in str(failure.value)
    assert "refused" in str(failure.value)
    assert "s3cret" not in str(failure.value)


def test_settings_do_not_show_the_url() -> None:
    assert "s3cret" not in repr(StoreSettings(url="postgresql://u:s3cret@h/n"))


def test_a_password_in_the_query_is_hidden_too() -> None:
    assert "s3cret" not in shown(parse_url("postgresql://h/n?password=s3cret"))


def test_a_missing_database_is_told(postgres: Server) -> None:
    url = postgres.url.rsplit("/", 1)[0] + "/missing"
    with pytest.raises(StoreUnavailable, match='"missing" does not exist'):
        Store.open(url)


def test_a_database_in_another_encoding_is_refused(postgres: Server) -> None:
    engine = create_engine(postgres.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0"))
    engine.dispose()
    with pytest.raises(UsageError, match=r"LATIN1.*UTF8"):
        Store.open(postgres.url.rsplit("/", 1)[0] + "/latin")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)
    with pytest.raises(UsageError, match=r"notes\.txt is not a SQLite database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text() == "not a database " * 100


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'store.db'}")


def test_a_full_disk_is_unavailable_and_nothing_is_half_written(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store:
        store.write_documents([document(id="before")])
        with store.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
        with pytest.raises(StoreUnavailable, match="full"):
            store.write_documents([document(id=str(n), body="x" * 500, offset=n) for n in range(500)])
        assert [kept.id for kept in store.documents("live")] == ["before"]


def test_a_lock_that_stays_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.store.engine._BUSY_SECONDS", 0)
    path = tmp_path / "a.db"
    with Store.open(f"sqlite:///{path}") as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            store.write_documents([document()])
        assert store.documents("live") == []
        other.execute("ROLLBACK")
        other.close()
        store.write_documents([document()])
        assert store.documents("live") == [document()]


def test_a_server_that_restarts_is_used_again(postgres: Server) -> None:
    with Store.open(new_database(postgres)) as store:
        store.write_documents([document(id="before")])
        postgres.stop()
        try:
            with pytest.raises(StoreUnavailable):
                store.write_documents([document(id="after")])
        finally:
            postgres.start()
        store.write_documents([document(id="after")])
        assert store.counts("live").documents == 2
