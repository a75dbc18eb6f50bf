"""The worker process as the add-on sees it. Only here is known that there is one."""
