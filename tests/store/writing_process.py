"""A process that writes decisions until it is killed, or ends by itself.

    python writing_process.py URL SEED COUNT SECONDS_BETWEEN

Prints the number of decisions added, one line each, and ends without closing anything.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from decision_traffic import Traffic

from litellm_router_plugin.store.store import Store


def main() -> None:
    url, seed, count, pause_s = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    store = Store(url, retention_days=36_500)
    traffic = Traffic(seed=seed)
    traffic.into(store.add_decision)
    for number in range(1, count + 1):
        traffic.run(1)
        print(number, traffic.ids[-1], time.time(), flush=True)  # noqa: T201 - read by the test
        time.sleep(pause_s)


if __name__ == "__main__":
    main()
