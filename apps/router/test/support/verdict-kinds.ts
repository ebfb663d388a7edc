/**
 * What a client of the format makes of what it received: `answered`, or `failed` with the error code. Anything that is both,
 * neither, or twice one of them is a `lie` with the reason.
 */
export type Verdict =
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "failed"; readonly status: number; readonly code: string | null }
  | { readonly kind: "lie"; readonly reason: string };

export function lie(reason: string): Verdict {
  return { kind: "lie", reason };
}
