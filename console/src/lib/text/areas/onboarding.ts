import type { Message } from '../message.ts';

/** Connecting an application: snippet, policies, and the wait for the first visit. */
export const onboarding = {
  'onboarding.title': { en: 'Connect an application', zh: '接入应用' },
  'onboarding.connect': { en: 'Connect {name}', zh: '接入 {name}' },
  'onboarding.lead': {
    en: 'Keep the SDK you ship and change where it sends. Your own visit appears here within two seconds.',
    zh: '保留现有 SDK，只需修改上报地址。您自己的访问会在两秒内出现在这里。',
  },
  'onboarding.step_application': { en: 'Application', zh: '应用' },
  'onboarding.step_snippet': { en: 'Snippet', zh: '代码' },
  'onboarding.step_visit': { en: 'First visit', zh: '首次访问' },
  'onboarding.which_sdk': { en: 'Which SDK is in the page?', zh: '页面使用哪种 SDK？' },
  'onboarding.which_sdk_sub': { en: 'its exact form is below', zh: '下方是完整写法' },
  'onboarding.via': { en: 'How the SDK is loaded', zh: 'SDK 加载方式' },
  'onboarding.release': { en: 'Release of the SDK', zh: 'SDK 版本' },
  'onboarding.script_tag': { en: 'script tag', zh: 'script 标签' },
  'onboarding.later_short': { en: 'later', zh: '后续支持' },
  'onboarding.later': {
    en: '{name} comes later: this server does not understand what it sends yet. The application can be created now.',
    zh: '{name} 将在后续版本支持：当前服务器还不能识别其数据。应用可以先行创建。',
  },
  'onboarding.install': { en: 'Install', zh: '安装' },
  'onboarding.snippet': { en: 'Snippet', zh: '接入代码' },
  'onboarding.note_proxy': {
    en: 'The marked line is the one that changes. site always means https there, so proxy names this server; it works over http, too.',
    zh: '标记行是唯一需要修改的地方。该 SDK 的 site 固定使用 https，因此用 proxy 指定本服务器，http 同样可用。',
  },
  'onboarding.note_openobserve': {
    en: 'The marked lines are the ones that change. site is this server’s host as it stands, and insecureHTTP says whether it is plain http.',
    zh: '标记行需要修改。site 为本服务器的主机名（含端口），insecureHTTP 表示是否使用 http。',
  },
  'onboarding.note_script': {
    en: 'The script comes from its maker’s servers; serve a copy of your own to do without them.',
    zh: '脚本来自厂商的服务器，也可以改为自行托管的副本。',
  },
  'onboarding.no_token': { en: 'This application has no live client token.', zh: '此应用没有有效的客户端令牌。' },
  'onboarding.create_token': { en: 'Create token', zh: '创建令牌' },
  'onboarding.token_hidden': {
    en: 'You cannot see client tokens. Ask an admin for one.',
    zh: '您无法查看客户端令牌，请向管理员索取。',
  },
  'onboarding.copy_request': { en: 'Copy a request to an admin', zh: '复制给管理员的请求' },
  'onboarding.request_text': {
    en: 'Please send me a client token of the application {app}: {url}',
    zh: '请发给我应用 {app} 的客户端令牌：{url}',
  },
  'onboarding.origin_request': {
    en: 'Please add {origin} to the allowed origins of {app}: {url}',
    zh: '请将 {origin} 加入应用 {app} 的允许来源：{url}',
  },
  'onboarding.csp': { en: 'Content security policy', zh: '内容安全策略' },
  'onboarding.csp_lead': {
    en: 'If the page sends a policy, add the address to connect-src. worker-src is for session replay and compression.',
    zh: '如果页面设置了内容安全策略，请将地址加入 connect-src。worker-src 用于会话回放和压缩。',
  },
  'onboarding.first_party': { en: 'First-party path', zh: '同域路径' },
  'onboarding.first_party_lead': {
    en: "Blockers stop requests to other hosts. Let the page’s own server hand them on, and write proxy: '{path}/forward' in place of the marked lines.",
    zh: "拦截插件会阻止跨域请求。可由页面自身的服务器转发，并将标记行替换为 proxy: '{path}/forward'。",
  },
  'onboarding.trusted_proxies': { en: 'Trusted proxies', zh: '可信代理' },
  'onboarding.trusted_lead': {
    en: 'Behind a proxy, visitors’ addresses come from its X-Forwarded-For header. Proxies in private networks are believed; name others, or all visitors seem to sit in one place.',
    zh: '经过代理时，访客 IP 取自 X-Forwarded-For。默认信任内网代理，其他代理需在此列出，否则所有访客会显示为同一地址。',
  },
  'onboarding.try_out': { en: 'Try it without touching the page', zh: '无需改动页面即可试用' },
  'onboarding.try_out_show': { en: 'For the browser’s console', zh: '浏览器控制台代码' },
  'onboarding.try_out_lead': {
    en: 'Paste a few lines into the console of your browser while it shows the page: one visit, nothing deployed.',
    zh: '打开页面后在浏览器控制台粘贴几行代码，即可产生一次访问，无需部署。',
  },
  'onboarding.listening': { en: 'Listening for {app}', zh: '正在等待 {app}' },
  'onboarding.not_seen': { en: 'not seen', zh: '未收到' },
  'onboarding.preflight': { en: 'Preflight (OPTIONS) from the browser', zh: '浏览器预检请求（OPTIONS）' },
  'onboarding.preflight_from': { en: 'Preflight from {origin}', zh: '来自 {origin} 的预检请求' },
  'onboarding.request': { en: 'Request', zh: '上报请求' },
  'onboarding.request_token': { en: 'Request with token {token}', zh: '携带令牌 {token} 的请求' },
  'onboarding.requests_refused': { en: '{n} {n:request/requests} refused', zh: '{n} 个请求被拒绝' },
  'onboarding.accepted': { en: 'accepted', zh: '已接受' },
  'onboarding.first_event': { en: 'First event', zh: '第一个事件' },
  'onboarding.events': { en: '{n} {n:event/events}', zh: '{n} 个事件' },
  'onboarding.hint': {
    en: 'Nothing after a minute? Look for a blocked request in the browser’s network tab: a policy or an ad blocker stops it before us.',
    zh: '一分钟后仍无数据？请在浏览器网络面板查找被阻止的请求：可能被安全策略或广告拦截插件拦下。',
  },
  'onboarding.late': {
    en: 'Nothing has reached this server. The three usual causes:',
    zh: '服务器没有收到任何请求。三种常见原因：',
  },
  'onboarding.late_policy': { en: 'A content security policy without this address.', zh: '内容安全策略中没有此地址。' },
  'onboarding.late_blocker': {
    en: 'An ad blocker: try a private window, or a first-party path.',
    zh: '广告拦截插件：请使用无痕窗口或同域路径。',
  },
  'onboarding.late_build': {
    en: 'The page still runs the old build: reload without cache.',
    zh: '页面仍是旧版本：请清除缓存后刷新。',
  },
  'onboarding.only_preflight': {
    en: 'The browser asked whether it may send, but sent nothing. Something between page and server changes the answer, or the page’s policy stops the request.',
    zh: '浏览器发出了预检，但没有上报。可能是中间代理修改了响应，或页面安全策略阻止了请求。',
  },
  'onboarding.connection_lost': {
    en: 'The server does not answer. Trying again every 2 s.',
    zh: '服务器没有响应，每 2 秒重试一次。',
  },
  'onboarding.refused': { en: 'Refused: {reason}.', zh: '已拒绝：{reason}。' },
  'onboarding.times': { en: '{n} {n:request/requests}', zh: '{n} 个请求' },
  'onboarding.served_from': {
    en: 'The page is served from {origin}. Allowed: {allowed}',
    zh: '页面来源为 {origin}。允许的来源：{allowed}',
  },
  'onboarding.add_origin': { en: 'Add this origin', zh: '添加此来源' },
  'onboarding.allow_every_origin': { en: 'Allow every origin', zh: '允许所有来源' },
  'onboarding.you': { en: '{device} · you', zh: '{device} · 您' },
  'onboarding.errors': { en: '{n} {n:error/errors}', zh: '{n} 个错误' },
  'onboarding.loading': { en: 'Loading', zh: '加载时间' },
  'onboarding.loaded_in': { en: 'loaded in {time}', zh: '加载耗时 {time}' },
  'onboarding.not_yet': { en: 'Not measured yet', zh: '尚未测得' },
  'onboarding.show_this': { en: 'Show {time}', zh: '查看 {time}' },
  'onboarding.open_session': { en: 'Open this session', zh: '查看此会话' },
} as const satisfies Record<`onboarding.${string}`, Message>;
