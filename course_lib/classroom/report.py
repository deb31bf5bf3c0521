"""What a terminal shows of a row."""

from course_lib.messages import t


def line(row: dict) -> str:
    """A submission in one line: its points, and what hindered grading."""
    text = t(
        "cli.grade_line",
        path=row["notebook"],
        points=row["points"],
        most=row["most"],
        by_hand=row["by_hand"],
        seconds=row["seconds"],
    )
    return f"{text} {row['problem']}".strip()


def details(row: dict) -> str:
    """A line for each task, with its reason below; one for each written answer, and for each remark."""
    names = [task["task"] for task in (*row["tasks"], *row["written"])]
    width, lines = max(map(len, names), default=0), []
    for task in row["tasks"]:
        mark = "✓" if task["points"] == task["most"] else "✗"
        lines.append(f"  {mark} {task['task']:{width}}  {task['points']:g}/{task['most']:g}")
        lines += [f"      {text}" for text in task["reason"].splitlines()]
    for answer in row["written"]:
        key = "cli.written_answer" if answer["text"] else "cli.unwritten"
        told = t(key, most=answer["most"], count=len(answer["text"].strip()))
        lines.append(f"  – {answer['task']:{width}}  {told}")
    lines += [f"  ! {remark}" for remark in row["remarks"]]
    return "\n".join([*lines, *(row["training"]["lines"] if row["training"] else [])])
