#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_run.py: what tests/run adds up, and that tests/list leaves no test out."""
import os
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(TESTS)
import tap  # noqa: E402  pylint: disable=wrong-import-position


def said_of(text, status=0):
    """(exit status, last line) of tests/run for one program that prints TEXT."""
    with tempfile.TemporaryDirectory() as scratch:
        with open(os.path.join(scratch, 'tap'), 'w', encoding='utf-8') as f:
            f.write(text)
        done = subprocess.run([os.path.join(TESTS, 'run'), os.path.join(scratch, 'logs')], capture_output=True, text=True,
                              input=f'it\t20\tcat {scratch}/tap; exit {status}\n', check=False)
    return done.returncode, done.stdout


def adds_up(text, wanted, status=0):
    code, said = said_of(text, status)
    assert said.splitlines()[-1] == '%d passed, %d failed, %d skipped' % wanted, said
    assert code == (wanted[1] > 0 or wanted[0] == 0), code
    return said


def run_counts_each_result_once():
    adds_up('1..4\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no root\nok 4 - d\n', (2, 1, 1), 1)


def run_counts_a_program_that_skips_all_of_itself_as_skipped_with_its_reason():
    said = adds_up('1..0 # SKIP needs root\n', (0, 0, 1))
    assert 'skipped: it: all of it: needs root' in said, said


def run_counts_a_program_without_a_test_or_a_reason_as_failed():
    for text in ('', '1..0\n', '1..0 # SKIP\n', 'no TAP at all\n'):
        adds_up(text, (0, 1, 0))


def run_counts_a_broken_off_program_and_one_that_ends_with_an_error_as_failed():
    adds_up('1..2\nok 1 - a\n', (1, 1, 0))
    adds_up('1..1\nok 1 - a\n', (1, 1, 0), 3)


def run_runs_the_parts_of_a_list_side_by_side_and_adds_them_up():
    with tempfile.TemporaryDirectory() as scratch:
        def waits(mine, other):
            """A program that ends well only if the other one runs at the same time."""
            return (f'{mine}\t20\ttouch {scratch}/{mine}; for i in $(seq 100); do [ -e {scratch}/{other} ] && break; sleep 0.1; done; '
                    f'echo 1..1; [ -e {scratch}/{other} ] && echo ok 1 - {mine} || echo not ok 1 - {mine}\n')
        done = subprocess.run([os.path.join(TESTS, 'run'), os.path.join(scratch, 'logs')], capture_output=True, text=True,
                              input=waits('a', 'b') + '\n' + waits('b', 'a') + 'c\t20\techo 1..1; echo not ok 1 - c\n', check=False)
    assert done.stdout.splitlines()[-1] == '2 passed, 1 failed, 0 skipped', done.stdout
    assert done.returncode == 1, done.returncode


def list_names_a_test_that_lost_its_execute_bit():
    with tempfile.TemporaryDirectory() as scratch:
        os.mkdir(os.path.join(scratch, 'tests'))
        shutil.copy(os.path.join(TESTS, 'list'), os.path.join(scratch, 'tests'))
        os.mkdir(os.path.join(scratch, 'tests/net'))
        for name, mode in (('test_a.py', 0o755), ('test_b.py', 0o644), ('other.py', 0o755)):
            with open(os.path.join(scratch, 'tests/net', name), 'w', encoding='utf-8') as f:
                f.write('#!/bin/sh\necho 1..1; echo ok 1 - a\n')
            os.chmod(os.path.join(scratch, 'tests/net', name), mode)
        done = subprocess.run([os.path.join(scratch, 'tests/list'), 'build'], capture_output=True, text=True, check=True)
        listed = [x for x in done.stdout.splitlines() if x.startswith('net/')]
        assert [x.split('\t')[0] for x in listed] == ['net/test_a.py', 'net/test_b.py'], listed
        done = subprocess.run([os.path.join(TESTS, 'run'), os.path.join(scratch, 'logs')], capture_output=True, text=True,
                              input='\n'.join(listed) + '\n', cwd=scratch, check=False)
        assert done.returncode == 1 and done.stdout.splitlines()[-1] == '1 passed, 1 failed, 0 skipped', done.stdout


tap.run([
    run_counts_each_result_once,
    run_counts_a_program_that_skips_all_of_itself_as_skipped_with_its_reason,
    run_counts_a_program_without_a_test_or_a_reason_as_failed,
    run_counts_a_broken_off_program_and_one_that_ends_with_an_error_as_failed,
    run_runs_the_parts_of_a_list_side_by_side_and_adds_them_up,
    list_names_a_test_that_lost_its_execute_bit,
])
