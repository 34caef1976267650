"""A queue between processes: a child puts, this process gets. Messages.java is the same."""
import os
from multiprocessing import Process, Queue


def work(queue, text):
    queue.put(f"{text} from process {os.getpid()}")


if __name__ == "__main__":
    queue = Queue(10)
    process = Process(target=work, args=(queue, "hello"))
    process.start()
    print(queue.get())
    process.join()
