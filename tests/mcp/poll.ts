/** Waiting in tests: for a state, by looking again, and for events of a stream. Both are bounded. */

/** Repeats the assertion until it holds; after two seconds its failure is the test's. */
export async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  const end_ms = performance.now() + 2000;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > end_ms) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** A JSON-RPC message as tests look at it. */
export interface Message {
  id?: string | number | null;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

/** The messages of an event stream: all until it ends, or the first ones. */
export async function readEvents(response: Response, count = Infinity): Promise<Message[]> {
  const messages: Message[] = [];
  let rest = "";
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const timer = setTimeout(() => reader.cancel(), 2000);
  while (messages.length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "))?.slice("data: ".length);
      if (data) messages.push(JSON.parse(data));
    }
  }
  clearTimeout(timer);
  await reader.cancel();
  return messages;
}
