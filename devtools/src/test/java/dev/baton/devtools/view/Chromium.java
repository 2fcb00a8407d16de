package dev.baton.devtools.view;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A headless browser with one page, driven by its own protocol (DevTools). */
final class Chromium implements AutoCloseable {
  private static final long WAIT_SECONDS = 60;

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<Map<String, Object>>> answers =
      new ConcurrentHashMap<>();

  /** What the page's console and its policy complained of, and requests that it made. */
  final List<String> complaints = new CopyOnWriteArrayList<>();

  final List<String> requests = new CopyOnWriteArrayList<>();

  /**
   * @param program the browser
   * @param profile an empty folder
   */
  Chromium(Path program, Path profile, int width, int height) throws Exception {
    process =
        new ProcessBuilder(
                program.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "--window-size=" + width + "," + height,
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("browser.log").toFile())
            .start();
    Path said = profile.resolve("DevToolsActivePort");
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!Files.exists(said) || Files.readAllLines(said).size() < 2) {
      if (!process.isAlive() || System.nanoTime() > until) {
        process.destroyForcibly();
        throw new IOException(
            "the browser does not start: " + Files.readString(profile.resolve("browser.log")));
      }
      Thread.sleep(50);
    }
    String port = Files.readAllLines(said).getFirst();
    HttpClient client = HttpClient.newHttpClient();
    String pages =
        client
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list"))
                    .build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    String address =
        JSON.std.listFrom(pages).stream()
            .map(Chromium::object)
            .filter(p -> "page".equals(p.get("type")))
            .map(p -> (String) p.get("webSocketDebuggerUrl"))
            .findFirst()
            .orElseThrow();
    socket =
        client
            .newWebSocketBuilder()
            .buildAsync(URI.create(address), new Listener())
            .get(WAIT_SECONDS, TimeUnit.SECONDS);
    send("Performance.enable", Map.of("timeDomain", "threadTicks"));
    for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
      send(domain + ".enable", Map.of());
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object json) {
    return (Map<String, Object>) json;
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      message.append(part);
      if (last) {
        try {
          take(JSON.std.mapFrom(message.toString()));
        } catch (IOException e) {
          complaints.add("the browser said what is no JSON: " + e.getMessage());
        }
        message.setLength(0);
      }
      from.request(1);
      return CompletableFuture.completedStage(null);
    }
  }

  private void take(Map<String, Object> message) {
    if (message.get("id") instanceof Number id) {
      CompletableFuture<Map<String, Object>> answer = answers.remove(id.intValue());
      if (answer != null) {
        answer.complete(message);
      }
      return;
    }
    String method = String.valueOf(message.get("method"));
    switch (method) {
      case "Runtime.exceptionThrown", "Log.entryAdded" ->
          complaints.add(String.valueOf(message.get("params")));
      case "Network.requestWillBeSent" ->
          requests.add(
              String.valueOf(object(object(message.get("params")).get("request")).get("url")));
      default -> {}
    }
  }

  Map<String, Object> send(String method, Map<String, Object> parameters) throws Exception {
    int id = ids.incrementAndGet();
    CompletableFuture<Map<String, Object>> answer = new CompletableFuture<>();
    answers.put(id, answer);
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("id", id);
    message.put("method", method);
    message.put("params", parameters);
    socket.sendText(JSON.std.asString(message), true).get(WAIT_SECONDS, TimeUnit.SECONDS);
    Map<String, Object> answered = answer.get(WAIT_SECONDS, TimeUnit.SECONDS);
    if (answered.containsKey("error")) {
      throw new IOException(method + ": " + answered.get("error"));
    }
    return object(answered.get("result"));
  }

  /** Opens a page that was written, and waits until it has drawn itself. */
  void open(Path page, String hash) throws Exception {
    // Another document, also where only the part after # differs.
    send("Page.navigate", Map.of("url", "about:blank"));
    requests.clear();
    send("Page.navigate", Map.of("url", page.toUri() + hash));
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!Boolean.TRUE.equals(evaluate("document.documentElement?.dataset.ready === 'true'"))) {
      if (System.nanoTime() > until) {
        throw new IOException("the page does not draw itself: " + complaints);
      }
      Thread.sleep(20);
    }
  }

  /** The value of an expression; waits for a promise. */
  Object evaluate(String expression) throws Exception {
    Map<String, Object> answer =
        send(
            "Runtime.evaluate",
            Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (answer.containsKey("exceptionDetails")) {
      throw new IOException(expression + ": " + answer.get("exceptionDetails"));
    }
    return object(answer.get("result")).get("value");
  }

  /** Does something whose value is of no interest. */
  void act(String statements) throws Exception {
    evaluate("{ " + statements + " }; undefined");
  }

  /** Processor time of the page's own thread so far, in milliseconds. */
  double threadMillis() throws Exception {
    for (Object metric : (List<?>) send("Performance.getMetrics", Map.of()).get("metrics")) {
      if ("TaskDuration".equals(object(metric).get("name"))) {
        return 1e3 * ((Number) object(metric).get("value")).doubleValue();
      }
    }
    throw new IOException("the browser does not tell its processor time");
  }

  double number(String expression) throws Exception {
    return ((Number) evaluate(expression)).doubleValue();
  }

  String text(String expression) throws Exception {
    return String.valueOf(evaluate(expression));
  }

  void type(String text) throws Exception {
    for (char letter : text.toCharArray()) {
      key(String.valueOf(letter), String.valueOf(letter));
    }
  }

  void key(String key, String text) throws Exception {
    Map<String, Object> down = new LinkedHashMap<>();
    down.put("type", "keyDown");
    down.put("key", key);
    if (!text.isEmpty()) {
      down.put("text", text);
    }
    send("Input.dispatchKeyEvent", down);
    send("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key));
  }

  void wheel(int x, int y, int by) throws Exception {
    send(
        "Input.dispatchMouseEvent",
        Map.of("type", "mouseWheel", "x", x, "y", y, "deltaX", 0, "deltaY", by));
  }

  void click(int x, int y) throws Exception {
    for (String type : List.of("mousePressed", "mouseReleased")) {
      send(
          "Input.dispatchMouseEvent",
          Map.of("type", type, "x", x, "y", y, "button", "left", "clickCount", 1));
    }
  }

  /** Writes what is seen as PNG. */
  void screenshot(Path file) throws Exception {
    Map<String, Object> answer = send("Page.captureScreenshot", Map.of("format", "png"));
    Files.write(file, Base64.getDecoder().decode((String) answer.get("data")));
  }

  @Override
  public void close() {
    socket.abort();
    // The browser's own processes first: they write into its folder.
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      for (ProcessHandle handle : all) {
        handle.destroyForcibly();
        handle.onExit().get(10, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException("the browser does not end", e);
    }
  }
}
