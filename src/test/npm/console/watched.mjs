// A browser whose faults are collected: console errors, failed requests, exceptions, violations of the
// Content-Security-Policy and of accessibility.
import {readFileSync} from 'node:fs';
import {chromium} from 'playwright-core';

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

export class WatchedBrowser {
  faults = [];
  /** Time that each step took, in milliseconds. */
  steps = [];
  /** Statuses of answers that are not faults now. */
  #expected = [];
  /** Whether requests without an answer are no faults now. */
  #isUnreachable = false;
  #browser;
  #directory;

  static async launch(executablePath, directory) {
    const browser = await chromium.launch({
      executablePath,
      args: [
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    return new WatchedBrowser(browser, directory);
  }

  constructor(browser, directory) {
    this.#browser = browser;
    this.#directory = directory;
  }

  /** A browser profile of its own, with the faults of its pages collected. */
  async profile(options) {
    // The policy of the page does not admit axe, which is added to it.
    const context = await this.#browser.newContext({...options, permissions: ['microphone', 'clipboard-write']});
    context.setDefaultTimeout(20_000);
    context.on('page', page => this.#watch(page));
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', event => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
    });
    return context;
  }

  #watch(page) {
    const fault = text => this.faults.push(`${page.url()}: ${text}`);
    page.on('console', message => {
      const isExpected = this.#expected.some(status => message.text().includes(`responded with a status of ${status}`)) ||
          (this.#isUnreachable && message.text().startsWith('Failed to load resource: net::ERR_'));
      if (['error', 'warning'].includes(message.type()) && !isExpected) {
        fault(`console ${message.text()}`);
      }
    });
    page.on('pageerror', error => fault(`exception ${error.stack}`));
    page.on('requestfailed', request => {
      // A page that is left aborts what it has asked for.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED' && !this.#isUnreachable) {
        fault(`request ${request.method()} ${request.url()}: ${request.failure()?.errorText}`);
      }
    });
    page.on('response', async response => {
      if (response.status() >= 400 && !this.#expected.includes(response.status())) {
        const body = await response.text().catch(() => '');
        fault(`answer ${response.status()} of ${response.request().method()} ${response.url()}: ${body}`);
      }
    });
  }

  /** While something is done that the service has to refuse, answers with these statuses are not faults. */
  async expecting(statuses, work) {
    this.#expected = statuses;
    await work();
    this.#expected = [];
  }

  /** While the service cannot be reached, requests without an answer are not faults. */
  async unreachable(work) {
    this.#isUnreachable = true;
    await work();
    this.#isUnreachable = false;
  }

  async step(name, work) {
    const begun = performance.now();
    try {
      return await work();
    } catch (failure) {
      for (const [index, page] of this.#browser.contexts().flatMap(context => context.pages()).entries()) {
        await page.screenshot({path: `${this.#directory}/failure-${index + 1}.png`});
      }
      throw new Error(`step "${name}": ${failure.stack}`);
    } finally {
      this.steps.push(`${name}: ${Math.round(performance.now() - begun)} ms`);
    }
  }

  /** A picture of the whole window, and a check of accessibility. */
  async look(page, name) {
    await page.screenshot({path: `${this.#directory}/${name}.png`, animations: 'disabled'});
    if (!await page.evaluate(() => 'axe' in window)) {
      // Through the debugger, which the page's policy does not concern.
      await page.evaluate(axe);
    }
    const {violations} = await page.evaluate(() => axe.run(document, {resultTypes: ['violations']}));
    for (const {id, impact, nodes} of violations) {
      if (impact === 'serious' || impact === 'critical') {
        this.faults.push(`${name}: axe ${impact} ${id}: ${nodes.slice(0, 3).map(node => node.target.join(' ')).join(', ')}`);
      }
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) {
      this.faults.push(`${name}: the page is ${overflow} px wider than the window`);
    }
  }

  close() {
    return this.#browser.close();
  }
}
