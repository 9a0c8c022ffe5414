/** The one style sheet of all pages: light and dark, narrow and wide, screen and paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#515a64;--paper:#fff;--line:#d5d9de;--link:#0b5cad;--good:#1a7f4b;--fine:#3d7fc1;--warning:#b37a00;--bad:#c0392b;--quiet:#7c8691}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#aab2bb;--paper:#16191d;--line:#3a4048;--link:#7db8f0;--good:#35a46a;--fine:#5b9bd5;--warning:#c98a00;--bad:#e05a4c;--quiet:#8f99a3}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1080px;margin:2rem auto;padding:0 1rem}
h1,h2,h3,p,li{overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}h3{font-size:1rem;margin-top:1.5rem}
a{color:var(--link)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
a:focus-visible,summary:focus-visible,.wide:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.verdict{font-size:1.2rem;font-weight:600;border-left:.35rem solid var(--fine);padding:.3rem .8rem;overflow-wrap:anywhere}.verdict.good{border-color:var(--good)}.verdict.warning{border-color:var(--warning)}.verdict.bad{border-color:var(--bad)}.verdict.quiet{border-color:var(--quiet)}
svg{width:100%;height:1.9rem;display:block}.bars svg{height:.8rem}
rect.good{fill:var(--good)}rect.fine{fill:var(--fine)}rect.warning{fill:var(--warning)}rect.bad{fill:var(--bad)}rect.quiet{fill:var(--quiet)}rect.track{fill:var(--line)}
svg[role] rect{stroke:var(--paper);stroke-width:2;vector-effect:non-scaling-stroke}
li,p{min-width:0;overflow-wrap:anywhere}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0}.legend li::before{content:"";display:inline-block;width:.8rem;height:.8rem;margin-right:.4rem;background:currentColor;forced-color-adjust:none}
.legend .good::before{background:var(--good)}.legend .fine::before{background:var(--fine)}.legend .warning::before{background:var(--warning)}.legend .bad::before{background:var(--bad)}.legend .quiet::before{background:var(--quiet)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
td,dd{unicode-bidi:plaintext}dd{text-align:left}.whole{white-space:nowrap}
.wide{overflow-x:auto;position:relative}.wide td,.wide th{max-width:28rem;overflow-wrap:break-word}th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}
.bars td,.bars th{border:0;font-weight:400;vertical-align:middle}.bars .count{text-align:right;width:4rem}.bar{width:45%}
summary{cursor:pointer;padding:.4rem 0;color:var(--soft);overflow-wrap:anywhere}
pre{border:1px solid var(--line);padding:.6rem .8rem;white-space:pre-wrap;overflow-wrap:anywhere}
.letter{border-bottom:1px solid var(--line);padding-bottom:1rem}
.wide .mark1 td:nth-child(1),.wide .mark2 td:nth-child(2){min-width:0;width:1rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media screen and (max-width:640px){body{margin:1rem auto}.bars th{min-width:7rem}dl{display:block}dd{margin:0 0 .4rem}.wide table,.wide tbody,.wide tr{display:block}.wide td{display:flow-root}.wide thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.wide tr{border-bottom:1px solid var(--line);padding:.4rem 0}.wide td,.wide td.n{max-width:none;border:0;padding:.05rem 0 .05rem 8rem;text-align:left;overflow-wrap:anywhere}.wide td:empty{display:none}.wide td::before{float:left;width:7.5rem;margin-left:-8rem;color:var(--soft)}.wide td:nth-child(1)::before{content:var(--c1,"")}.wide td:nth-child(2)::before{content:var(--c2,"")}.wide td:nth-child(3)::before{content:var(--c3,"")}.wide td:nth-child(4)::before{content:var(--c4,"")}.wide td:nth-child(5)::before{content:var(--c5,"")}.wide td:nth-child(6)::before{content:var(--c6,"")}.wide td:nth-child(7)::before{content:var(--c7,"")}.wide td:nth-child(8)::before{content:var(--c8,"")}.wide td:nth-child(9)::before{content:var(--c9,"")}.wide td:nth-child(10)::before{content:var(--c10,"")}.wide td:nth-child(11)::before{content:var(--c11,"")}.wide td:nth-child(12)::before{content:var(--c12,"")}}
@media print{:root{--ink:#000;--soft:#333;--paper:#fff;--line:#999;--link:#000;--good:#1a7f4b;--fine:#3d7fc1;--warning:#b37a00;--bad:#c0392b;--quiet:#7c8691}rect.track{fill:#ddd}body{margin:0;max-width:none;font-size:10pt}rect,.legend li::before{print-color-adjust:exact;-webkit-print-color-adjust:exact}tr,svg,li,dt,dd{break-inside:avoid}h1,h2,h3{break-after:avoid}thead{display:table-header-group}.wide{overflow:visible}.wide table{min-width:0;font-size:8.5pt}.wide td,.wide th{padding:.2rem .4rem}.wide td{overflow-wrap:anywhere}.wide td:not(.n){min-width:4.5rem}summary{display:none}details::details-content{content-visibility:visible;block-size:auto}.letter{break-after:page;border:0}}
`
