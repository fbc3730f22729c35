import { describe, expect, test } from "vitest";
import { readHoldings, writeCsv, writeHoldings } from "../src/csv";

const read = (text: string) => readHoldings(text).holdings;

describe("holdings", () => {
  test("as people paste them", () => {
    const expected = [{ ticker: "SPY", weight: 0.6 }, { ticker: "AGG", weight: 0.4 }];
    for (const text of ["SPY 60%\nAGG 40%", "SPY, 0.6\r\nAGG, 0.4\r\n", "SPY\t60%\nAGG\t40%", "SPY;0.6;x\nAGG;.4;y", "\uFEFFTicker,Weight\nSPY,60\nAGG,40", "Symbol\tAllocation\nSPY\t60.0%\nAGG\t40.0%", "SPY 60\nAGG 40"]) {
      expect(read(text), text).toEqual(expected);
    }
  });

  test("shares and values, with the words of brokers", () => {
    expect(read('Symbol,Quantity,Price\nSPY,"1,200",500.1\n"BRK.B",-3,400')).toEqual([{ ticker: "SPY", shares: 1200 }, { ticker: "BRK.B", shares: -3 }]);
    expect(read('Ticker,Description,Market Value\nSPY,"Funds, all of them","$12,000.50"\nTLT,x,($500)')).toEqual([{ ticker: "SPY", value: 12000.5 }, { ticker: "TLT", value: -500 }]);
  });

  test("weights that do not sum to 100 stay as they are", () => {
    expect(read("SPY 1.3\nAGG -0.3")).toEqual([{ ticker: "SPY", weight: 1.3 }, { ticker: "AGG", weight: -0.3 }]);
  });

  test("what cannot be read is named with its line and not guessed", () => {
    const { holdings, problems } = readHoldings("SPY, 0.5\nTLT, half\nAGG\nGLD, 1,2");
    expect(holdings).toEqual([{ ticker: "SPY", weight: 0.5 }, { ticker: "GLD", weight: 1 }]);
    expect(problems).toEqual(["line 2: “half” of TLT is no number", "line 3: write a ticker and a weight, such as SPY 60%"]);
    expect(readHoldings("Ticker,Price\nSPY,3").problems[0]).toBe("line 1: the header names no weight, shares or value");
    expect(readHoldings("SPY 1.2.3").problems).toHaveLength(1);
    expect(readHoldings("x".repeat(100_000)).problems[0]?.length).toBeLessThan(200);
  });

  test("are bounded", () => {
    const { holdings, problems } = readHoldings(Array.from({ length: 1500 }, (_, at) => `T${at} 1`).join("\n"));
    expect([holdings.length, problems]).toEqual([1000, ["only the first 1000 lines are read"]]);
  });

  test("written and read again are the same", () => {
    for (const holdings of [[{ ticker: "SPY", weight: 0.6 }, { ticker: "CUR:USD", weight: -0.1 }], [{ ticker: "SPY", shares: 10 }], [{ ticker: "USER:My, Tech", value: 5 }]]) {
      expect(read(writeHoldings(holdings))).toEqual(holdings);
    }
  });
});

test("a spreadsheet computes nothing of what is downloaded", () => {
  expect(writeCsv([["=1+1", "+x", "@y", "-z", -0.5, null, 'a "b", c']])).toBe("'=1+1,'+x,'@y,'-z,-0.5,,\"a \"\"b\"\", c\"\r\n");
  expect(writeCsv([["\t=1", "a\nb"]])).toBe('"\'\t=1","a\nb"\r\n');
});
