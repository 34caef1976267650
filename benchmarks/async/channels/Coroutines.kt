package io.github.fornada.benchmarks.async.channels

import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/** Two coroutines that talk; KotlinPeer.java measures them. */
object Coroutines {
    private fun context(spread: Boolean): CoroutineContext =
        if (spread) Dispatchers.Default else EmptyCoroutineContext

    /** Sends n numbers and returns the sum of what was received. Capacity 0 is a rendezvous. */
    @JvmStatic
    fun oneWay(n: Int, capacity: Int, spread: Boolean): Long {
        val channel = Channel<Int>(capacity)
        var sum = 0L
        runBlocking {
            launch(context(spread)) { for (i in 0 until n) channel.send(i) }
            launch(context(spread)) { repeat(n) { sum += channel.receive() } }
        }
        return sum
    }

    /** Sends n numbers, each after the previous one has come back; returns the sum of the echoes. */
    @JvmStatic
    fun thereAndBack(n: Int, spread: Boolean): Long {
        val requests = Channel<Int>(1)
        val replies = Channel<Int>(1)
        var sum = 0L
        runBlocking {
            launch(context(spread)) { repeat(n) { replies.send(requests.receive()) } }
            launch(context(spread)) {
                for (i in 0 until n) {
                    requests.send(i)
                    sum += replies.receive()
                }
            }
        }
        return sum
    }
}
