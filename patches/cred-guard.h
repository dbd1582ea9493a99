DEFINE_GUARD(cred, const struct cred *,
	     _T = override_creds_light(_T),
	     revert_creds_light(_T));
