// Makes src/answers.ts: the types of the answers, from the full schemas that the server prints.
//
//     node scripts/types.mjs PROGRAM [--check]        --check: says whether the file is what it would be made to
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// What the page calls each tool's answer.
const ANSWERS = {
    analyze_factor_model: "FactorModel",
    compare_factors: "Comparison",
    create_factor_group: "WrittenGroup",
    get_factor_analysis: "FactorAnalysis",
    get_factor_group: "KeptGroup",
    get_factor_recommendations: "Recommendations",
    get_portfolio: "SavedPortfolio",
    get_portfolio_exposures: "Exposures",
    list_factor_groups: "GroupList",
    list_factors: "FactorList",
    list_portfolios: "PortfolioList",
    stress_test: "StressTest",
    validate_factor_group: "GroupCheck",
};
// Parts that the page names: a path into an answer.
const PARTS = {
    DataQuality: 'NonNullable<FactorAnalysis["data_quality"]>',
    Metadata: 'NonNullable<FactorAnalysis["analysis_metadata"]>',
    Profile: 'NonNullable<NonNullable<FactorAnalysis["per_factor"]>[string]>',
    RankedFactor: 'NonNullable<NonNullable<FactorAnalysis["rankings"]>[string]>[number]',
    Recommendation: 'NonNullable<Recommendations["recommendations"]>[number]',
};

const [program, check] = process.argv.slice(2);
if (!program) {
    console.error("usage: node scripts/types.mjs PROGRAM [--check]");
    process.exit(2);
}
const file = fileURLToPath(new URL("../src/answers.ts", import.meta.url));

const quoted = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const inBrackets = (type) => (/^[\w.]+$|^\(.*\)$|^\{[^]*\}$/.test(type) ? type : `(${type})`);
const either = (types) => [...new Set(types)].join(" | ");

/** The type of a schema; names of `$defs` are looked up in `named`, which has what they are called here. */
function typeOf(schema, named, indent) {
    if (schema === true || schema === undefined || Object.keys(schema).length === 0) return "unknown";
    if (schema === false) return "never";
    if (schema.$ref) return named.get(schema.$ref.replace("#/$defs/", "")) ?? "unknown";
    if ("const" in schema) return JSON.stringify(schema.const);
    if (schema.enum) return either(schema.enum.map((value) => JSON.stringify(value)));
    const alternatives = schema.anyOf ?? schema.oneOf;
    if (alternatives) return unionOf(alternatives, named, indent, schema);
    if (schema.allOf && !schema.properties) return schema.allOf.map((one) => typeOf(one, named, indent)).join(" & ");
    if (Array.isArray(schema.type)) return either(schema.type.map((type) => typeOf({ ...schema, type }, named, indent)));
    switch (schema.type) {
        case "string":
            return "string";
        case "integer":
        case "number":
            return "number";
        case "boolean":
            return "boolean";
        case "null":
            return "null";
        case "array":
            return schema.prefixItems
                ? `[${schema.prefixItems.map((item) => typeOf(item, named, indent)).join(", ")}]`
                : `${inBrackets(typeOf(schema.items, named, indent))}[]`;
        default:
            return saysNothing(schema) ? "unknown" : objectOf(schema, named, indent);
    }
}

/**
 * Alternatives. Those that are objects with fields become one object with the fields of all, for which of them comes is decided by what is
 * asked for: a field is required where every one of them has it.
 */
function unionOf(alternatives, named, indent, whole = {}) {
    const common = (one) => (whole.properties && one.properties ? { properties: { ...whole.properties, ...one.properties }, required: [...(whole.required ?? []), ...(one.required ?? [])] } : one);
    const open = (one) => one.type === "object" && !one.properties && isAnything(one.additionalProperties);
    const isMap = (one) => one.type === "object" && !one.properties && one.additionalProperties && one.additionalProperties !== true;
    let resolved = alternatives.flatMap((one) => flat(one, named.defs)).map(common);
    // One that may be anything adds nothing to one that says what it is.
    if (resolved.some((one) => !saysNothing(one) && one.type !== "null")) resolved = resolved.filter((one) => !saysNothing(one));
    if (resolved.some((one) => one.properties)) resolved = resolved.filter((one) => !open(one));
    const maps = resolved.filter(isMap);
    if (maps.length > 1) resolved = [...resolved.filter((one) => !isMap(one)), { type: "object", additionalProperties: { anyOf: maps.map((map) => map.additionalProperties) } }];
    const objects = resolved.filter((one) => one.properties);
    if (objects.length === 0) return either(resolved.map((one) => typeOf(one, named, indent)));
    if (objects.length < 2 && resolved.length === alternatives.length && !whole.properties) return either(alternatives.map((one) => typeOf(one, named, indent)));
    const fields = new Map();
    for (const object of objects) {
        for (const [name, field] of Object.entries(object.properties)) fields.set(name, [...(fields.get(name) ?? []), field]);
    }
    const properties = Object.fromEntries([...fields].map(([name, all]) => [name, all.length === 1 ? all[0] : { anyOf: all }]));
    const required = [...fields.keys()].filter((name) => objects.every((object) => object.required?.includes(name)));
    const rest = resolved.filter((one) => !one.properties).map((one) => typeOf(one, named, indent));
    return either([objectOf({ properties, required }, named, indent), ...rest]);
}

/** A schema of words alone. */
const saysNothing = (schema) => typeof schema === "object" && !["type", "$ref", "const", "enum", "anyOf", "oneOf", "allOf", "properties", "additionalProperties"].some((word) => word in schema);
const isAnything = (schema) => schema === undefined || schema === true || Object.keys(schema).length === 0;

/** What an alternative comes to: references to objects and to other alternatives followed. */
function flat(schema, defs) {
    const meant = schema.$ref ? defs[schema.$ref.replace("#/$defs/", "")] : schema;
    const alternatives = meant?.properties ? undefined : (meant?.anyOf ?? meant?.oneOf);
    if (alternatives) return alternatives.flatMap((one) => flat(one, defs));
    return meant?.properties ? [meant] : [schema];
}

function objectOf(schema, named, indent) {
    const properties = Object.entries(schema.properties ?? {});
    const rest = schema.additionalProperties;
    if (properties.length === 0) return `{ [name: string]: ${rest && rest !== true ? typeOf(rest, named, indent) : "unknown"} }`;
    const required = new Set(schema.required ?? []);
    const inner = `${indent}  `;
    const lines = properties.map(([name, property]) => {
        const type = typeOf(property, named, inner);
        // With exactOptionalPropertyTypes an absent field is not undefined.
        return `${inner}${quoted(name)}${required.has(name) ? "" : "?"}: ${type};`;
    });
    const open = rest && rest !== true ? [`${inner}[name: string]: ${typeOf(rest, named, inner)};`] : [];
    const whole = [...lines, ...(properties.length > 0 && open.length > 0 ? [] : open)].join("\n");
    return `{\n${whole}\n${indent}}`;
}

const parts = ["// Made by scripts/types.mjs from the schemas that `factor-mcp schema` prints: not to be changed by hand.\n"];
for (const [tool, name] of Object.entries(ANSWERS)) {
    const { answer } = JSON.parse(execFileSync(program, ["schema", tool], { encoding: "utf8", maxBuffer: 64 << 20 }));
    const defs = Object.keys(answer.$defs ?? {});
    const named = new Map(defs.map((def) => [def, `${name}_${def.replace(/\W+/g, "_")}`]));
    named.defs = answer.$defs ?? {};
    // A failure is a problem over REST, and marked as one over MCP: what is left is what was answered.
    const isFailure = (one) => one.$ref === "#/$defs/Failure";
    const whole = Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, key === "anyOf" || key === "oneOf" ? value.filter((one) => !isFailure(one)) : value]));
    const type = typeOf({ ...whole, $defs: undefined }, named, "");
    const types = new Map(defs.map((def) => [named.get(def), typeOf(answer.$defs[def], named, "")]));
    // Only what is named by something that is used.
    const used = new Set();
    const use = (text) => {
        for (const [found] of text.matchAll(/\b\w+\b/g)) {
            if (!types.has(found) || used.has(found)) continue;
            used.add(found);
            use(types.get(found));
        }
    };
    use(type);
    for (const [own, text] of types) if (used.has(own)) parts.push(`type ${own} = ${text};\n`);
    parts.push(`/** What \`${tool}\` answers. */\nexport type ${name} = ${type};\n`);
}
for (const [name, path] of Object.entries(PARTS)) parts.push(`export type ${name} = ${path};\n`);
const made = parts.join("\n");

if (check === "--check") {
    if (readFileSync(file, "utf8") !== made) {
        console.error("web/src/answers.ts is not what the server's schemas say: run scripts/web.sh");
        process.exit(1);
    }
    console.log("web/src/answers.ts: as the server's schemas say");
} else {
    writeFileSync(file, made);
    console.log(`${file}: ${made.split("\n").length} lines`);
}
