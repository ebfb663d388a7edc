import { z } from "zod";
import type { Child } from "../library/child.ts";
import { createCertificate } from "../library/certificate.ts";
import { folder, startListener, startSandbox, type Sandbox, type Upstream } from "../library/start.ts";
import { passageSchema, type Passage } from "../library/passage.ts";

const countedSchema = z.object({ sentBytes: z.number(), receivedBytes: z.number(), connections: z.number() });

/** What went over the long way since it is there. */
export type Counted = z.infer<typeof countedSchema>;

/** The sandbox at the other end of a long way, behind TLS. */
export interface FarUpstream {
  readonly sandbox: Sandbox;
  /** As seen from here. */
  readonly upstream: Upstream;
  /** Lets Node trust it. */
  readonly environment: Readonly<Record<string, string>>;
  setRoundTrip(milliseconds: number): Promise<void>;
  counted(): Promise<Counted>;
  /** What passed in front of the sandbox since the last question. */
  passages(): Promise<readonly Passage[]>;
}

/** Client - delay, counted - TLS - sandbox: the delay is in front of TLS, so that its round trips are real ones. */
export async function startFarUpstream(): Promise<FarUpstream> {
  const sandbox = await startSandbox();
  const { key, certificate, certificateFile } = createCertificate(folder);
  const { origin } = sandbox.upstream;
  const front = await startListener("tls", "bench/processes/tls-front.ts", { origin, key, certificate });
  const way = await startListener("delay", "bench/processes/delay-proxy.ts", { origin: front.origin, roundTripMs: 0 });
  return {
    sandbox,
    upstream: { ...sandbox.upstream, origin: way.origin.replace("http:", "https:") },
    environment: { NODE_EXTRA_CA_CERTS: certificateFile },
    setRoundTrip: async (roundTripMs) => void (await way.child.ask(z.null(), "delay", { roundTripMs })),
    counted: () => way.child.ask(countedSchema, "counted"),
    passages: () => askPassages(front.child),
  };
}

function askPassages(front: Child): Promise<readonly Passage[]> {
  return front.ask(z.array(passageSchema), "passages");
}
