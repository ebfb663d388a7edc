import type { Client, Entry, Settings } from "./conversation.ts";
import type { Step } from "./plan.ts";
import { createRandom, type Random } from "./random.ts";
import { continuation, lastAnswer, otherSettings, placesOf, randomSettings, replaced, userEntry } from "./thread.ts";

/** One request that is to be made. */
export interface PlannedRequest {
  readonly mark: string;
  readonly client: Client;
  readonly history: readonly Entry[];
  readonly settings: Settings;
  readonly session: string | undefined;
  readonly random: Random;
  /** Which of the conversations it goes on with. */
  readonly thread: number;
  /** What else happens: it is sent twice at once, or left and sent again. */
  readonly trouble: "none" | "double" | "abandon";
}

/** Where one conversation stands. */
export interface ConversationRun {
  /** What the step asks; several when it asks them at once. */
  next(step: Step): PlannedRequest[];
  /** Takes the answer to a request that `next` gave; the latest one is gone on with. */
  answered(request: PlannedRequest, answer: Extract<Entry, { kind: "answer" }>["answer"]): void;
}

export interface ConversationRunOptions {
  /** Stands in everything the client says. */
  readonly name: string;
  readonly seed: number;
  /** The program the conversation begins with. */
  readonly client: Client;
  /** Programs that may take over. */
  readonly others: readonly Client[];
  readonly session: string | undefined;
  /** Names of conversations that a client may use instead. */
  readonly otherSessions: readonly (string | undefined)[];
}

export function createConversationRun(options: ConversationRunOptions): ConversationRun {
  const start = createRandom(options.seed);
  let { client, session } = options;
  let settings = randomSettings(start);
  let threads: (readonly Entry[])[] = [[]];
  let current = 0;
  let requests = 0;
  let latest: PlannedRequest | undefined;

  function history(): readonly Entry[] {
    return threads[current] ?? [];
  }

  function request(past: readonly Entry[], last: (mark: string) => readonly Entry[], random: Random): PlannedRequest {
    requests += 1;
    const mark = `m${options.name}x${requests}z`;
    latest = {
      mark,
      client,
      history: [...past, ...last(mark)],
      settings,
      session,
      random,
      thread: current,
      trouble: "none",
    };
    return latest;
  }

  function append(past: readonly Entry[], random: Random): PlannedRequest {
    return request(past, (mark) => [continuation(past, mark, random)], random);
  }

  /** The history up to a place where the user speaks. */
  function before(place: number | undefined): readonly Entry[] {
    return place === undefined ? history() : history().slice(0, place);
  }

  function pickPlace(kind: Entry["kind"], random: Random): number | undefined {
    const places = placesOf(history(), kind);
    return places.length === 0 ? undefined : random.pick(places);
  }

  function next({ action, seed }: Step): PlannedRequest[] {
    const random = createRandom(seed);
    const past = history();
    switch (action) {
      case "append":
        return [append(past, random)];
      case "edit": {
        const place = pickPlace("user", random);
        return [
          request(
            before(place),
            (mark) => [place === undefined ? continuation(past, mark, random) : userEntry(mark, random)],
            random,
          ),
        ];
      }
      case "rewrite":
        return [append(rewriteAnswer(random), random)];
      case "change-output":
        return [append(changeOutput(random), random)];
      case "retry":
        // The same body again, its mark included.
        return latest === undefined ? [append(past, random)] : [latest];
      case "branch": {
        const place = pickPlace("user", random);
        if (place === undefined) return [append(past, random)];
        threads = [...threads, before(place)];
        current = threads.length - 1;
        return [request(history(), (mark) => [userEntry(mark, random)], random)];
      }
      case "hop":
        current = random.below(threads.length);
        return [append(history(), random)];
      case "compact": {
        const kept = past.length > 0 ? summary(random) : [];
        return [request(kept, (mark) => [userEntry(mark, random)], random)];
      }
      case "slide": {
        const [, second] = placesOf(past, "user");
        return [append(second === undefined ? past : past.slice(second), random)];
      }
      case "forget": {
        const place = placesOf(past, "answer").at(-1);
        const shorter = place === undefined ? past : past.slice(0, place);
        return [request(shorter, (mark) => [userEntry(mark, random)], random)];
      }
      case "settings":
        settings = otherSettings(settings, random);
        return [append(past, random)];
      case "client":
        client = random.pick(options.others);
        return [append(past, random)];
      case "double":
      case "abandon":
        return [{ ...append(past, random), trouble: action }];
      case "session":
        session = random.pick(options.otherSessions);
        return [append(past, random)];
      case "system": {
        const waits = (lastAnswer(past)?.calls.length ?? 0) > 0;
        const said = waits ? [] : [{ kind: "system" as const, text: `From now on ${seed}` }];
        return [append([...past, ...said], random)];
      }
      case "interrupt":
        return [request(past, (mark) => [continuation(past, mark, random, true)], random)];
      case "twins": {
        const first = append(past, random);
        threads = [...threads, past];
        current = threads.length - 1;
        return [first, append(past, createRandom(seed + 1))];
      }
    }
  }

  function summary(random: Random): Entry[] {
    const text = `Summary of what happened so far, ${random.below(1e6)}`;
    return random.chance(50)
      ? [{ kind: "user", texts: [text], hasImage: false }]
      : [
          { kind: "system", text: "A summary follows." },
          { kind: "user", texts: [text], hasImage: false },
        ];
  }

  function rewriteAnswer(random: Random): readonly Entry[] {
    const place = pickPlace("answer", random);
    const entry = place === undefined ? undefined : history()[place];
    if (place === undefined || entry?.kind !== "answer" || entry.answer.text === "") return history();
    const text = `${entry.answer.text} (edited)`;
    // What a client wrote itself has no native form.
    return replaced(history(), place, { kind: "answer", answer: { ...entry.answer, text, native: {} } });
  }

  function changeOutput(random: Random): readonly Entry[] {
    const place = pickPlace("outputs", random);
    const entry = place === undefined ? undefined : history()[place];
    if (place === undefined || entry?.kind !== "outputs") return history();
    const outputs = entry.outputs.map((output) => ({
      ...output,
      texts: output.texts.map((text) => `${text} (changed)`),
    }));
    return replaced(history(), place, { ...entry, outputs });
  }

  return {
    next,
    answered(asked, answer) {
      threads[asked.thread] = [...asked.history, { kind: "answer", answer }];
    },
  };
}
