"""messages.py with a second message, and time to kill the child before it is put: kill.sh does."""
import os
import time
from multiprocessing import Process, Queue


def work(queue, text):
    queue.put(f"{text} from process {os.getpid()}")
    time.sleep(10)  # kill it here
    queue.put("goodbye")


if __name__ == "__main__":
    queue = Queue(10)
    process = Process(target=work, args=(queue, "hello"))
    process.start()
    print(queue.get(), flush=True)
    print(queue.get(), flush=True)
    process.join()
