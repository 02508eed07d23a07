"""Commissions from the command line: a file may be read twice, and a bad row stops no good one."""

import json
from pathlib import Path

from tests.rig.programs import command

FILE = """network,transaction_id,state,amount,currency,sub_id
ebay,T-1,locked,1.25,USD,app_1
ebay,T-2,pending,2.00,USD,app_1
ebay,T-3,lost,2.00,USD,app_1
ebay,T-4,pending,2.00,EUR,app_1
ebay,T-5,pending,-1,USD,app_1
"""


def test_a_file_is_imported_once_however_often_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "file.csv").write_text(FILE)
    command("migrate", "--data", "data", cwd=tmp_path)
    asked = ("commissions", "import", "file.csv", "--json", "--data", "data")

    first, second = (command(*asked, cwd=tmp_path) for _ in range(2))
    books = command("ledger", "verify", "--data", "data", cwd=tmp_path)

    told = json.loads(first.stdout)
    assert (told["booked"], told["known"]) == (2, 0)
    assert [problem["line"] for problem in told["problems"]] == [4, 5, 6]
    again = json.loads(second.stdout)
    assert (again["booked"], again["known"], first.returncode) == (0, 2, 1)
    assert books.returncode == 0
