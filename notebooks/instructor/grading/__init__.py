"""What the assignments ask and what is right: for instructors, and for nobody's kernel but theirs."""

from __future__ import annotations

from grading import tasks_11_laws, tasks_11_orders, tasks_12_results, tasks_12_runs
from grading.tasks import Task, as_data

__all__ = ["TASKS", "as_data"]

MODULES = (tasks_11_orders, tasks_11_laws, tasks_12_runs, tasks_12_results)
TASKS: dict[str, Task] = {task.name: task for module in MODULES for task in module.TASKS}
