package app.perpetua.flow.provider.openai;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads a streamed body with a time-out per read, which the JDK's streams lack. Requests more only
 * when all buffers have been read, so that a slow reader slows the sender down. One thread reads;
 * any thread may close.
 */
final class DeadlineBodyReader implements BodySubscriber<DeadlineBodyReader> {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<ByteBuffer> buffers = new ArrayDeque<>();
  private Flow.@Nullable Subscription subscription;
  private @Nullable Throwable failure;
  private boolean isComplete;
  private boolean isClosed;

  @Override
  public CompletionStage<DeadlineBodyReader> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription opened) {
    boolean isAlreadyClosed;
    lock.lock();
    try {
      subscription = opened;
      isAlreadyClosed = isClosed;
    } finally {
      lock.unlock();
    }
    if (isAlreadyClosed) {
      opened.cancel();
    } else {
      opened.request(1);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> chunks) {
    lock.lock();
    try {
      chunks.stream().filter(ByteBuffer::hasRemaining).forEach(buffers::add);
      if (buffers.isEmpty() && subscription != null) {
        subscription.request(1);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onError(Throwable thrown) {
    end(thrown);
  }

  @Override
  public void onComplete() {
    end(null);
  }

  private void end(@Nullable Throwable thrown) {
    lock.lock();
    try {
      failure = thrown;
      isComplete = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the next bytes; empty at the end.
   *
   * @throws IOException if the body ended early or was closed
   */
  Optional<ByteBuffer> take(Duration timeout)
      throws InterruptedException, TimeoutException, IOException {
    long left = timeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (buffers.isEmpty() && !isComplete && !isClosed) {
        if (left <= 0) {
          throw new TimeoutException();
        }
        left = changed.awaitNanos(left);
      }
      if (isClosed) {
        throw new IOException("closed");
      }
      ByteBuffer next = buffers.poll();
      if (next == null && failure != null) {
        throw new IOException("the body ended early", failure);
      }
      if (next != null && buffers.isEmpty() && !isComplete && subscription != null) {
        subscription.request(1);
      }
      return Optional.ofNullable(next);
    } finally {
      lock.unlock();
    }
  }

  /** Closes the connection, or the HTTP/2 stream. */
  void close() {
    Flow.Subscription open;
    lock.lock();
    try {
      isClosed = true;
      buffers.clear();
      open = subscription;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (open != null) {
      open.cancel();
    }
  }
}
