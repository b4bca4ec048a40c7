"""What goes wrong is logged without what people typed."""

import subprocess
import sys
import textwrap


def test_a_traceback_in_the_log_shows_no_local_variables() -> None:
    program = textwrap.dedent(
        """
        import structlog
        from nurture.cli.logs import configure
        configure()
        def sign_in(password, address):
            raise ValueError("no")
        try:
            sign_in("hunter2", "katrin@kessler.example")
        except ValueError as fault:
            structlog.get_logger().error("sign_in.failed", exc_info=fault)
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "sign_in.failed" in ended.stderr
    assert "ValueError" in ended.stderr
    # The source line itself may be shown; the values of its variables may not.
    assert '"locals"' not in ended.stderr
    assert "'password'" not in ended.stderr.replace('"hunter2"', "")
    assert ended.stdout == ""
