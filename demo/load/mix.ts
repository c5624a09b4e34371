/** What users of the two seed teams ask for: reads and writes, fast and slow. */
export interface RequestSpec {
  team: string;
  method: "GET" | "POST";
  path: string;
  body?: string;
  /** To be called when the answer was a 2xx. */
  onDone?: () => void;
}

/** Of 20 requests, this many go to realtime-collaboration; the teams take turns, so that each has a steady rate. */
const realtimeOfTwenty = 11;
const documents = 50;

/** A function that gives the next request; what it asks for is there, whatever the order of answers. */
export function requestMix(random: () => number): () => RequestSpec {
  let written = 0;
  const readable: number[] = [];
  const pick = (below: number) => Math.floor(random() * below);

  const collaboration = (): RequestSpec => {
    const base = { team: "realtime-collaboration" };
    if (written < documents) {
      const id = written++;
      return { ...writeDocument(id), onDone: () => readable.push(id) };
    }
    const kind = random();
    if (kind < 0.2) return writeDocument(pick(documents));
    const document = readable[pick(readable.length)];
    if (kind < 0.3 || document === undefined) return { ...base, method: "GET", path: "/api/realtime/presence" };
    return { ...base, method: "GET", path: `/api/collaboration/documents/${document}` };
  };
  const workflow = (): RequestSpec => {
    const base = { team: "ai-workflow" };
    const kind = random();
    if (kind < 0.3) {
      const job = JSON.stringify({ task: "summarise", durationMs: 50 + pick(350) });
      return { ...base, method: "POST", path: "/api/workflow/jobs", body: job };
    }
    return { ...base, method: "GET", path: kind < 0.6 ? "/api/workflow/jobs" : "/api/ai/models" };
  };
  let turn = 0;
  return () => {
    turn += realtimeOfTwenty;
    if (turn < 20) return workflow();
    turn -= 20;
    return collaboration();
  };
}

function writeDocument(id: number): RequestSpec {
  return {
    team: "realtime-collaboration",
    method: "POST",
    path: `/api/collaboration/documents/${id}`,
    body: JSON.stringify({ text: `the text of document ${id}` }),
  };
}
