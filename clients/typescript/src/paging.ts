/**
 * Reads a list page by page:
 *
 *     for await (const page of pages((pageToken) => weneeds.jobs.listJobs({ pageToken }))) { ... }
 */
export async function* pages<Page extends { nextPageToken: string }>(
  fetch: (pageToken: string) => Promise<Page>,
): AsyncGenerator<Page> {
  let pageToken = "";
  do {
    const page = await fetch(pageToken);
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
